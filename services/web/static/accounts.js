// An attendee's accounts: add one, show by a one-time code that it is theirs, give it up.
import { attendee } from "./api.js";
import { el, field, find, note, shareable, tell, tried } from "./dom.js";
import { say, since } from "./words.js";

export class Accounts {
  // app: me, changed(change), refused(problem)
  constructor(app) {
    this.app = app;
    this.codes = new Map(); // account -> the code it waits for; not kept: it is shown once
    this.list = el("div", {});
    this.trouble = note();
    this.name = el("input", { name: "account", required: true, autocomplete: "off", autocapitalize: "none", spellcheck: "false", maxlength: 256 });
    const form = el("form", { id: "account-form" }, field(say("account_label"), this.name, say("account_hint")), el("button", { class: "quiet" }, say("account_add")));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.askCode(this.name.value.trim());
    });
    this.element = el("div", {}, this.list, this.trouble, form);
  }

  draw() {
    const known = this.app.me.accounts;
    const waiting = [...this.codes.keys()].filter((name) => !known.some((one) => one.account === name));
    const accounts = [...known, ...waiting.map((account) => ({ account, state: "needs_proof" }))]; // the server may not list those yet
    const drawnFrom = JSON.stringify([accounts, [...this.codes]]);
    if (drawnFrom === this.drawnFrom) return; // not under somebody's finger
    this.drawnFrom = drawnFrom;
    this.list.replaceChildren(accounts.length > 0 ? el("ul", { class: "rows" }, accounts.map((one) => this.row(one))) : el("p", { class: "none" }, say("accounts_none")));
  }

  row({ account, state }) {
    const act = (key, run) => el("button", { type: "button", class: "quiet", "aria-label": say("for_name", { action: say(key), name: account }), onclick: run }, say(key));
    return el(
      "li",
      { "data-account": account },
      el("span", { dir: "auto" }, el("strong", {}, account), el("span", { class: state === "verified" ? "tag good" : "tag" }, say(`account_${state}`))),
      el("span", { class: "row" }, this.proving(account, state, act), act("account_remove", () => this.remove(account))),
      state === "lost" || state === "unfinished" ? el("p", { class: "hint" }, say(`account_${state}_text`)) : null,
      this.codes.has(account) ? this.codeBox(account, this.codes.get(account), act) : null,
    );
  }

  proving(account, state, act) {
    if (state === "verified" || this.codes.has(account)) return null;
    return state === "unfinished" ? act("account_check", () => this.check(account)) : act("account_verify", () => this.askCode(account));
  }

  codeBox(account, code, act) {
    return el(
      "div",
      { class: "code-box" },
      el("p", {}, say("account_code", { time: since(code.expires_at) })),
      shareable(code.text || code.code, say("account_copy"), say("account_copied")),
      act("account_check", () => this.check(account)),
    );
  }

  async askCode(account) {
    await this.attempt(async () => {
      this.codes.set(account, await attendee.code(account));
      this.name.value = "";
      this.draw();
      find(".code-box button", this.list)?.focus();
    });
  }

  async check(account) {
    await this.attempt(async () => {
      const { state } = await attendee.check(account);
      tell(this.trouble, say(`state_${state}`), state !== "verified");
      if (state === "not_found") return;
      this.codes.delete(account);
      const others = this.app.me.accounts.filter((one) => one.account !== account);
      if (state === "verified") this.app.changed({ accounts: [...others, { account, verified: true, state }] });
      else this.draw();
      this.name.focus();
    });
  }

  async remove(account) {
    await this.attempt(async () => {
      await attendee.release(account);
      this.codes.delete(account);
      this.app.changed({ accounts: this.app.me.accounts.filter((one) => one.account !== account) });
      this.name.focus();
    });
  }

  attempt(act) {
    return tried(this.trouble, act, (problem) => this.app.refused(problem));
  }
}
