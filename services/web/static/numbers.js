// The organizer's numbers as they are counted: is it flowing, the matches, what was held back, people by place.
import { el, svg } from "./dom.js";
import { panel } from "./forms.js";
import { Sparkline } from "./sparkline.js";
import { number, period, say } from "./words.js";

const HELD = new Set(["budget", "no_consent", "not_present"]);

// The server rounds: "<5", also for none, or a step for so many and more. A text is smaller than a number.
const rough = (value) => (typeof value === "number" ? `${number(value)}+` : say("few"));
const figure = (key, value, text) => el("div", {}, el("dt", {}, say(key)), el("dd", { "data-number": key, class: typeof value === "number" ? "" : "few" }, text));
const figures = (keys, from) => keys.map((key) => figure(key, from[key], rough(from[key])));

export class Numbers {
  constructor() {
    this.line = new Sparkline();
    this.note = el("p", { class: "hint" });
    this.flow = el("dl", { class: "numbers" });
    this.matches = el("dl", { class: "numbers" });
    this.held = el("ul", { class: "rows" });
    this.places = el("ul", { class: "bars" });
    this.panels = [
      el("div", { class: "column" }, panel("flow_heading", this.flow, this.line.element, this.note), panel("held_heading", this.held, el("p", { class: "hint" }, say("held_note")))),
      el("div", { class: "column" }, panel("matches_heading", this.matches), panel("people_heading", this.places)),
    ];
  }

  draw(now) {
    this.line.add(Number(now.events_per_second) || 0);
    this.note.textContent = say("rough_note", { every: period(now.counted_every_s) });
    const rate = now.events_per_second;
    this.flow.replaceChildren(figure("events_per_second", rate, number(rate)), ...figures(["lag", "dead_letters", "events", "present", "registered"], now));
    this.matches.replaceChildren(...figures(["suggested", "agreed", "met", "ended"], now.totals));
    const held = Object.entries(now.held_back).map(([cause, n]) => el("li", {}, el("span", {}, HELD.has(cause) ? say(`held_${cause}`) : cause), el("strong", {}, rough(n))));
    this.held.replaceChildren(...(held.length > 0 ? held : [el("li", {}, say("held_none"))]));
    const most = Math.max(...now.places.map(({ people }) => Number(people) || 0), 1);
    const bars = now.places.map(({ name, people }) => el("li", {}, el("span", {}, name), bar((Number(people) || 0) / most), el("span", {}, rough(people))));
    this.places.replaceChildren(...(bars.length > 0 ? bars : [el("li", {}, say("people_none"))]));
  }
}

// "<5" has no bar: its length would tell the number.
const bar = (part) => svg("svg", { viewBox: "0 0 100 14", preserveAspectRatio: "none", "aria-hidden": "true" }, svg("rect", { width: (part * 100).toFixed(1), height: 14 }));
