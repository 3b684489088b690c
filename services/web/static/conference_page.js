// One conference: its numbers as they are counted, and what an organizer can do there. What cannot be done is not offered.
import { organizer } from "./api.js";
import { conferenceForm } from "./conference_form.js";
import { connectors } from "./connectors.js";
import { el, find } from "./dom.js";
import { attendees } from "./attendee_registration.js";
import { letters } from "./dead_letters.js";
import { Numbers } from "./numbers.js";
import { ticketShop } from "./shop.js";
import { closing, erasing, why } from "./tasks.js";
import { clock, say, setZone } from "./words.js";

const AGAIN_MS = 5000;

export class ConferencePage {
  // whole: as the server has it, null: not open yet. on: again() shows it anew, erased(), signedOut()
  constructor(id, whole, on) {
    Object.assign(this, { id, whole, on });
    this.numbers = new Numbers();
    this.stopped = false;
    this.seen = new Date().toISOString();
  }

  async show(place) {
    const { id, whole } = this;
    if (!whole) { // not opened yet: that is what the form is for
      place.replaceChildren(conferenceForm(id, null, this.on.again));
      return;
    }
    setZone(whole.opening.time_zone);
    this.numbers.draw(await organizer.overview(id));
    const closed = whole.state === "closed";
    const { name } = whole.opening;
    const told = closed ? [el("p", { class: "banner calm wide" }, say("closed_note"))] : [];
    const tasks = closed
      ? [letters(id), erasing(id, name, this.on.erased)]
      : [attendees(id), ticketShop(id, whole.opening.places), connectors(id), letters(id), conferenceForm(id, whole.opening, () => {}), closing(id, name, this.on.again)];
    place.replaceChildren(...told, ...this.numbers.panels, why(id), ...tasks);
    if (!this.stopped) this.follow();
  }

  follow() {
    this.status("", say("connecting"));
    this.stream = new EventSource(organizer.streamOf(this.id));
    this.stream.addEventListener("overview", (event) => this.take(JSON.parse(event.data)));
    this.stream.addEventListener("trouble", (event) => this.status("lost", JSON.parse(event.data).trouble));
    this.stream.onerror = () => this.lost();
  }

  take(now) {
    this.seen = new Date().toISOString();
    this.numbers.draw(now);
    if (now.trouble) this.status("lost", now.trouble); // the numbers are right, but no card reaches anybody
    else this.status("live", typeof now.lag === "number" ? say("lagging", { count: now.lag }) : say("flowing"));
  }

  lost() {
    this.status("lost", say("lost", { time: clock(this.seen) }));
    if (this.stream.readyState === EventSource.CLOSED) this.timer = setTimeout(() => this.ask(), AGAIN_MS); // refused
  }

  // EventSource does not tell why; a question that does tell, does.
  async ask() {
    try {
      this.take(await organizer.overview(this.id));
      if (!this.stopped) this.follow();
    } catch (problem) {
      if (problem.status === undefined) throw problem; // ours, not the server's
      if (this.stopped) return;
      if (problem.status === 401) this.on.signedOut();
      else this.lost();
    }
  }

  status(kind, text) {
    find("#status").hidden = false;
    find("#status").className = `status ${kind}`;
    find("#status-text").textContent = text;
  }

  stop() {
    this.stopped = true;
    clearTimeout(this.timer);
    this.stream?.close();
  }
}
