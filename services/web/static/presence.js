// "I'm here", "I'm leaving", and the pause: what an attendee says about being at the conference.
import { attendee } from "./api.js";
import { el, find, tell } from "./dom.js";
import { say } from "./words.js";

export class Presence {
  // app: me, changed(change), drawAll(), refused(problem)
  constructor(app) {
    this.app = app;
    this.place = find("#here-place");
    this.places = null; // what the choice was made of
    this.moving = false; // once here, the places are shown when asked for: the cards are what matters then
    find("#here-form").addEventListener("submit", (event) => {
      event.preventDefault();
      if (app.me.present && !this.moving) this.chooseAgain();
      else this.send(() => attendee.here(this.place.value), { present: true, place: this.place.value || null });
    });
    find("#left-button").addEventListener("click", async () => {
      await this.send(() => attendee.left(), { present: false, place: null });
      if (find("#left-button").hidden) find("#here-button").focus();
    });
    find("#resume-button").addEventListener("click", async () => {
      await this.send(() => attendee.consent({ matching: true }), { consent: { ...app.me.consent, matching: true } });
      if (find("#paused").hidden) find("#cards-heading").focus();
    });
  }

  chooseAgain() {
    this.moving = true;
    this.place.value = this.app.me.place ?? "";
    this.draw();
    this.place.focus();
  }

  // A badge, the desk or another device said it. Gives what is new in words, nothing where it was known.
  heard({ present, place }) {
    const { me } = this.app;
    if (me.present === present && me.place === place) return "";
    const focused = document.activeElement;
    this.moving = focused === this.place; // a choice that was begun stays under the finger
    Object.assign(me, { present, place });
    this.app.drawAll();
    if (find("#here").contains(focused) && focused.closest("[hidden]")) find("#here-button").focus();
    return present ? find("#here-heading").textContent : say("here_gone");
  }

  choices() {
    const { conference, place } = this.app.me;
    const places = JSON.stringify(conference.places);
    if (places === this.places) return;
    this.places = places;
    this.place.replaceChildren(el("option", { value: "" }, say("here_anywhere")), ...conference.places.map((one) => el("option", { value: one.place }, one.name)));
    this.place.value = place ?? "";
  }

  draw() {
    const { me } = this.app;
    this.choices();
    const place = me.conference.places.find((one) => one.place === me.place)?.name;
    const section = find("#here");
    section.classList.toggle("present", Boolean(me.present));
    section.hidden = Boolean(me.conference.closed);
    find("#here-heading").textContent = !me.present ? say("here_heading") : place ? say("here_yes_at", { place }) : say("here_yes");
    find("#here-button").textContent = say(!me.present ? "here_button" : this.moving ? "here_moved" : "here_move");
    find("#here-button").className = me.present && !this.moving ? "quiet" : "main";
    this.place.hidden = Boolean(me.present) && !this.moving;
    find("#here-label").hidden = this.place.hidden;
    find("#left-button").hidden = !me.present;
    find("#here-note").hidden = Boolean(me.present) && !this.moving; // then the cards are what matters
    const seen = say(me.consent.share_place ? "here_note_shared" : "here_note_hidden");
    find("#here-note").textContent = me.present ? seen : `${say("here_hint")} ${seen}`;
    find("#paused").hidden = Boolean(me.consent.matching) || Boolean(me.conference.closed);
  }

  // Not "disabled": that would take the focus away.
  wait(busy) {
    this.busy = busy;
    for (const button of document.querySelectorAll("#here button, #paused button")) button.setAttribute("aria-disabled", String(busy));
  }

  async send(ask, change) {
    if (this.busy) return; // tapped twice
    const trouble = find("#here-trouble");
    tell(trouble, "");
    this.wait(true);
    try {
      await ask();
      this.moving = false;
      this.app.changed(change);
    } catch (problem) {
      if (problem.status === undefined) throw problem; // ours, not the server's
      if (problem.status === 401) this.app.refused(problem);
      else tell(trouble, problem.message, true);
    } finally {
      this.wait(false);
    }
  }
}
