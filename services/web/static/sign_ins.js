// What is said of sign-ins on other devices, on top of every page, until it is dismissed on this device.
import { attendee } from "./api.js";
import { el, find, note, tell } from "./dom.js";
import { say, since } from "./words.js";

export class SignIns {
  // app: me, changed(change), refused(problem)
  constructor(app) {
    this.app = app;
    this.place = find("#sign-ins");
    this.trouble = note();
  }

  draw() {
    const news = this.app.me.sign_ins ?? []; // what was kept by an older page has none
    const drawnFrom = JSON.stringify(news);
    if (drawnFrom === this.drawnFrom) return; // not under somebody's finger
    this.drawnFrom = drawnFrom;
    this.place.hidden = news.length === 0;
    this.place.replaceChildren(...(news.length === 0 ? [] : this.words(news)));
  }

  words(news) {
    const rows = news.map((one) => el("li", {}, el("span", {}, say("sign_in_row", { device: one.device, time: since(one.at) })), one.session ? this.end(one) : el("span", { class: "tag" }, say("sign_in_ended"))));
    const seen = el("button", { type: "button", class: "main", onclick: () => this.dismiss(news.at(-1).number) }, say(news.some((one) => one.session) ? "sign_in_mine" : "over_ok"));
    return [
      el("h2", { id: "sign-ins-heading" }, say("sign_in_heading", { count: news.length })),
      el("ul", { class: "rows" }, rows),
      el("p", { class: "hint" }, say("sign_in_text")),
      seen,
      this.trouble,
    ];
  }

  end({ session, device }) {
    return el("button", { type: "button", class: "danger-quiet", "aria-label": say("for_name", { action: say("sign_in_end"), name: device }), onclick: () => this.endSession(session) }, say("sign_in_end"));
  }

  async endSession(session) {
    await this.attempt(async () => {
      await attendee.endSession(session);
      this.app.changed({ sign_ins: this.app.me.sign_ins.map((one) => (one.session === session ? { ...one, session: null } : one)) });
      await this.app.you.devices.draw();
      find(".main", this.place)?.focus();
    });
  }

  async dismiss(number) {
    await this.attempt(async () => {
      await attendee.seenSignIns(number);
      this.app.changed({ sign_ins: this.app.me.sign_ins.filter((one) => one.number > number) });
      find(location.hash === "#you" ? "#you-heading" : "#cards-heading").focus();
    });
  }

  async attempt(act) {
    tell(this.trouble, "");
    try {
      await act();
    } catch (problem) {
      if (problem.status === 401) this.app.refused(problem);
      else if (problem.status === 404) await this.gone();
      else if (problem.status === undefined) throw problem; // ours, not the server's
      else tell(this.trouble, problem.message, true);
    }
  }

  // It was signed out meanwhile, on another device.
  async gone() {
    const { sign_ins: news } = await attendee.sessions();
    this.app.changed({ sign_ins: news });
  }
}
