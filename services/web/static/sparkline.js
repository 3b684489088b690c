// A line of the last readings, drawn by hand: for one line no library is worth its weight.
import { svg } from "./dom.js";
import { number, say } from "./words.js";

const MOST = 300; // a day of counts, one in five minutes

export class Sparkline {
  constructor() {
    this.values = [];
    this.path = svg("path");
    this.element = svg("svg", { class: "spark", viewBox: "0 0 300 72", preserveAspectRatio: "none", role: "img" }, this.path);
  }

  add(value) {
    this.values = [...this.values, value].slice(-MOST);
    const most = Math.max(...this.values, 1);
    const step = 300 / Math.max(this.values.length - 1, 1);
    this.path.setAttribute("d", this.values.map((one, i) => `${i === 0 ? "M" : "L"}${(i * step).toFixed(1)} ${(69 - (one / most) * 64).toFixed(1)}`).join(""));
    this.element.setAttribute("aria-label", say("spark", { count: this.values.length, now: number(value), most: number(most) }));
  }
}
