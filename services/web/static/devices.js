// The devices an attendee is signed in on: which they are, signing one out, and a link for another one.
import { attendee } from "./api.js";
import { confirmed } from "./dialog.js";
import { el, find, note, shareable, svg, tried } from "./dom.js";
import { say, since } from "./words.js";

export class Devices {
  // app: refused(problem)
  constructor(app) {
    this.app = app;
    this.list = el("div", { id: "devices" });
    this.trouble = note();
    this.others = el("button", { type: "button", class: "quiet", hidden: true, onclick: () => this.endOthers() }, say("devices_end_others"));
    this.link = el("div", { id: "device-link" });
    this.add = el("button", { type: "button", class: "quiet", onclick: () => this.makeLink() }, say("devices_add"));
    this.element = el("div", { class: "stack" }, this.list, this.trouble, this.others, this.link, this.add);
  }

  // Asked whenever the page is opened or a device signs in. A link that was shown before is not shown any longer.
  async draw() {
    this.link.replaceChildren();
    await this.attempt(async () => {
      const { sessions } = await attendee.sessions();
      this.list.replaceChildren(el("ul", { class: "rows" }, sessions.map((one) => this.row(one))));
      this.others.hidden = sessions.length < 2;
    });
  }

  row({ session, device, made_at: made, last_used_at: used, this: here }) {
    const times = used ? say("device_times", { made: since(made), used: since(used) }) : say("device_made", { made: since(made) });
    const end = el("button", { type: "button", class: "quiet", "aria-label": say("for_name", { action: say("device_end"), name: device }), onclick: () => this.end(session, device) }, say("device_end"));
    return el(
      "li",
      { "data-session": session },
      el("div", {}, el("p", {}, el("strong", {}, device), here && el("span", { class: "tag good" }, say("device_this"))), el("p", { class: "hint" }, times)),
      here ? null : end, // this one signs out below, where what stays on the device is taken away
    );
  }

  async end(session, device) {
    if (!(await confirmed({ heading: say("device_end_heading", { device }), text: say("device_end_text"), yes: say("device_end") }))) return;
    await this.attempt(async () => {
      await attendee.endSession(session);
      await this.draw();
      find("#devices_heading").focus();
    });
  }

  async endOthers() {
    if (!(await confirmed({ heading: say("devices_end_others_heading"), text: say("device_end_text"), yes: say("device_end") }))) return;
    await this.attempt(async () => {
      await attendee.endOtherSessions();
      await this.draw();
      find("#devices_heading").focus();
    });
  }

  async makeLink() {
    await this.attempt(async () => {
      const made = await attendee.deviceLink();
      this.link.replaceChildren(
        el(
          "div",
          { class: "code-box" },
          el("p", {}, say("device_link", { time: since(made.expires_at) })),
          drawn(made.qr),
          shareable(made.link, say("account_copy"), say("account_copied")),
          el("p", { class: "hint" }, say("device_link_note")),
        ),
      );
      find("button", this.link).focus();
    });
  }

  attempt(act) {
    return tried(this.trouble, act, (problem) => this.app.refused(problem));
  }
}

// Dark on light in every scheme: many cameras read nothing else.
function drawn({ size, path }) {
  return svg("svg", { class: "qr", viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": say("device_qr"), "shape-rendering": "crispEdges" }, svg("path", { d: path }));
}
