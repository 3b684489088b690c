// What is around the cards: the conference's name, whether the line is up, and which of the two pages is shown.
import { find, scrollUp } from "./dom.js";
import { say, since } from "./words.js";

const STATUS = { live: "status_live", connecting: "status_connecting", lost: "status_lost_short" };
const ALL = ["#people", "#you", "#nav", "#lost", "#closed", "#status", "#sign-ins"];

export class Frame {
  constructor() {
    this.aborter = new AbortController();
  }

  conference({ name, closed }) {
    find("#conference-name").textContent = name;
    find("#closed").hidden = !closed;
    find("#closed").textContent = closed ? say("conference_closed", { name }) : "";
  }

  status(now, seenAt) {
    find("#status").className = `status ${now}`;
    find("#status-text").textContent = say(STATUS[now]);
    const lost = find("#lost");
    const text = now === "lost" ? say("status_lost", { time: since(seenAt) }) : "";
    lost.hidden = now === "live" || (now === "connecting" && lost.hidden); // it does not flicker while trying
    if (text && lost.textContent !== text) lost.textContent = text;
  }

  // Nothing to show yet, and nobody to ask.
  unreached(text) {
    find("#status").className = "status lost";
    find("#status-text").textContent = say("status_lost_short");
    find("#conference-name").textContent = say("brand");
    find("#lost").hidden = false;
    find("#lost").textContent = say("unreached", { text });
  }

  entered() {
    document.body.classList.add("in");
    find("#nav").hidden = false;
    find("#welcome").hidden = true;
    find("#lost").hidden = true;
  }

  // opened: called whenever "You" is shown
  follow(opened) {
    const turn = () => {
      if (location.hash === "#main") return; // the skip link's: the same page
      const you = location.hash === "#you";
      find("#people").hidden = you;
      find("#you").hidden = !you;
      for (const [id, here] of [["#nav-people", !you], ["#nav-you", you]]) {
        if (here) find(id).setAttribute("aria-current", "page");
        else find(id).removeAttribute("aria-current");
      }
      if (you) opened();
    };
    const turned = () => {
      if (location.hash === "#main") return;
      turn();
      find(location.hash === "#you" ? "#you-heading" : "#cards-heading").focus({ preventScroll: true });
      scrollUp();
    };
    addEventListener("hashchange", turned, { signal: this.aborter.signal });
    turn();
  }

  left() {
    this.aborter.abort();
    for (const id of ALL) find(id).hidden = true;
    find("#cards").replaceChildren();
    find("#you").replaceChildren(); // accounts, and whom one blocked
    find("#sign-ins").replaceChildren();
    find("#announcer").textContent = "";
    find("#here-heading").textContent = "";
    find("#conference-name").textContent = say("brand");
    document.body.classList.remove("in");
    scrollUp();
  }
}
