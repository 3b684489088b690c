// The page "You": what an attendee allows, their accounts and earlier posts, whom they blocked, their data, and the way out.
import { Accounts } from "./accounts.js";
import { attendee } from "./api.js";
import { BASE } from "./base.js";
import { Devices } from "./devices.js";
import { confirmed } from "./dialog.js";
import { el, find, note, tell } from "./dom.js";
import { Past } from "./past.js";
import { say } from "./words.js";

const CONSENTS = ["matching", "show_name", "chats", "share_place"];

export class You {
  // app: me, changed(change), refused(problem), leave(text)
  constructor(app) {
    this.app = app;
    this.trouble = note();
    this.switches = new Map(CONSENTS.map((name) => [name, this.consentSwitch(name)]));
    this.accounts = new Accounts(app);
    this.past = new Past(app);
    this.devices = new Devices(app);
    this.blocks = el("div", { id: "blocks" });
    this.blocksTrouble = note();
    find("#you").append(
      el("h2", { id: "you-heading", tabindex: "-1" }, say("you_heading")),
      el("p", { class: "lead" }, say("you_lead")),
      panel("consent_heading", ...[...this.switches.values()].map(({ row }) => row), this.trouble),
      panel("accounts_heading", el("p", { class: "hint" }, say("accounts_text")), this.accounts.element),
      panel("past_heading", el("p", { class: "hint" }, say("past_text")), this.past.element),
      panel("blocks_heading", this.blocks, this.blocksTrouble),
      panel("devices_heading", el("p", { class: "hint" }, say("devices_text")), this.devices.element),
      panel("data_heading", el("p", { class: "hint" }, say("data_text")), el("a", { class: "button quiet", href: `${BASE}/v1/me/data`, download: "hallway.json" }, say("data_button"))),
      el(
        "div",
        { class: "way-out" },
        el("button", { type: "button", class: "quiet", onclick: () => this.signOut() }, say("sign_out")),
        el("button", { type: "button", class: "danger-quiet", id: "erase", onclick: () => this.erase() }, say("erase_button")),
        (this.outTrouble = note()),
      ),
    );
  }

  consentSwitch(name) {
    const id = `consent-${name}`;
    const control = el(
      "button",
      { type: "button", role: "switch", class: "switch", id, "aria-labelledby": `${id}-label`, "aria-describedby": `${id}-text`, onclick: () => this.change(name) },
      el("span", { class: "knob", "aria-hidden": "true" }),
    );
    const words = el("div", {}, el("label", { for: id, id: `${id}-label` }, say(`consent_${name}`)), el("p", { class: "hint", id: `${id}-text` }, say(`consent_${name}_text`)));
    return { control, row: el("div", { class: "consent" }, words, control) };
  }

  draw() {
    for (const [name, { control }] of this.switches) control.setAttribute("aria-checked", String(Boolean(this.app.me.consent[name])));
    this.accounts.draw();
    this.past.draw();
  }

  // The page is shown: what is asked of the server each time.
  opened() {
    this.drawBlocks();
    this.devices.draw();
  }

  // Shown as changed only when the server has it: a consent that looks withdrawn but is not would be a broken promise.
  async change(name) {
    const value = !this.app.me.consent[name];
    await this.attempt(this.trouble, async () => {
      await attendee.consent({ [name]: value });
      this.app.changed({ consent: { ...this.app.me.consent, [name]: value } });
    });
  }

  async drawBlocks() {
    await this.attempt(this.blocksTrouble, async () => {
      const rows = (await attendee.blocks()).map((one) => this.blockRow(one.blocked, one.name || say("no_name")));
      this.blocks.replaceChildren(rows.length > 0 ? el("ul", { class: "rows" }, rows) : el("p", { class: "none" }, say("blocks_none")));
    });
  }

  blockRow(blocked, name) {
    const undo = el("button", { type: "button", class: "quiet", "aria-label": say("for_name", { action: say("blocks_undo"), name }), onclick: () => this.unblock(blocked) }, say("blocks_undo"));
    return el("li", {}, el("span", { dir: "auto" }, name), undo);
  }

  async unblock(blocked) {
    await this.attempt(this.blocksTrouble, async () => {
      await attendee.unblock(blocked);
      await this.drawBlocks();
      find("#blocks_heading").focus();
    });
  }

  async signOut() {
    await this.attempt(this.outTrouble, async () => {
      await attendee.signOut();
      this.app.leave(say("signed_out"));
    });
  }

  async erase() {
    if (!(await confirmed({ heading: say("erase_heading"), text: say("erase_text"), yes: say("erase_yes") }))) return;
    await this.attempt(this.outTrouble, async () => {
      await attendee.erase();
      this.app.leave(say("erased"));
    });
  }

  async attempt(place, act) {
    tell(place, "");
    try {
      await act();
    } catch (problem) {
      if (problem.status === 401) this.app.refused(problem);
      else if (problem.status === undefined) throw problem; // ours, not the server's
      else tell(place, problem.message, true);
    }
  }
}

function panel(heading, ...children) {
  return el("section", { class: "panel", "aria-labelledby": heading }, el("h3", { id: heading, tabindex: "-1" }, say(heading)), children);
}
