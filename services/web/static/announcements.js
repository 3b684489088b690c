// What a screen reader is told: of the cards politely, once each, and of many at once only how many; of the own place
// what holds last.
import { nameOf } from "./card_view.js";
import { find } from "./dom.js";
import { say, whyInWords } from "./words.js";

const GATHER_MS = 700;
const MOST_ONE_BY_ONE = 3;

export class Announcing {
  constructor() {
    this.waiting = [];
    this.where = "";
    this.timer = null;
  }

  // A card that ends says nothing.
  add(change, places) {
    if (change.kind === "withdrawn") return;
    this.waiting.push({ ...change, places });
    this.soon();
  }

  own(where) {
    this.where = where;
    this.soon();
  }

  soon() {
    this.timer ??= setTimeout(() => this.speak(), GATHER_MS);
  }

  speak() {
    this.timer = null;
    const all = this.waiting.splice(0);
    const fresh = all.filter(({ kind }) => kind === "suggested");
    const many = fresh.length > MOST_ONE_BY_ONE;
    const parts = [this.where, ...all.filter((one) => !many || one.kind !== "suggested").map(inWords)];
    this.where = "";
    if (many) parts.push(say("new_many", { count: fresh.length }));
    find("#announcer").textContent = parts.filter(Boolean).join(" ");
  }
}

function inWords({ kind, card, places }) {
  const name = nameOf(card);
  if (kind === "suggested") return say("new_card", { name, why: (card.why ?? []).map(whyInWords).join(". ") });
  if (kind === "agreed") return say("new_agreed", { name });
  return say("new_place", { name, place: places.get(card.their_place) ?? card.their_place });
}
