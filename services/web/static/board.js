// The list of cards on the page: draws what changed, keeps the focus where it was, reads new cards out.
import { attendee } from "./api.js";
import { cardView, nameOf } from "./card_view.js";
import { confirmed } from "./dialog.js";
import { find } from "./dom.js";
import { say, whyInWords } from "./words.js";

export class Board {
  // app: cards, me, keep(), refused(problem)
  constructor(app) {
    this.app = app;
    this.list = find("#cards");
    this.empty = find("#cards-none");
    this.live = find("#announcer");
    this.trouble = new Map();
    this.busy = new Set();
    this.drawn = new Map(); // card -> what it was drawn from
  }

  draw() {
    const { cards } = this.app;
    const shown = cards.list();
    const ids = new Set(shown.map((card) => card.card));
    for (const element of [...this.list.children]) {
      if (ids.has(element.dataset.card)) continue;
      this.drawn.delete(element.dataset.card);
      element.remove();
    }
    shown.forEach((card, i) => this.place(card, i));
    this.empty.hidden = shown.length > 0;
    this.empty.textContent = say(this.app.me.present ? "cards_none_here" : "cards_none_away");
    this.count(shown);
  }

  place(card, i) {
    const id = card.card;
    const { cards, me } = this.app;
    const state = cards.stateOf(card);
    const context = { state, told: cards.told.get(id), trouble: this.trouble.get(id), busy: this.busy.has(id) };
    const drawnFrom = JSON.stringify([card, context]);
    const now = this.list.children[i];
    const old = [...this.list.children].find((element) => element.dataset.card === id);
    let element = old;
    if (this.drawn.get(id) !== drawnFrom) {
      this.drawn.set(id, drawnFrom);
      const places = new Map(me.conference.places.map((place) => [place.place, place.name]));
      element = cardView(card, { ...context, places, act: (what, place) => this.act(card, what, place) });
      if (old) this.exchange(old, element);
      else element.classList.add("new");
    }
    if (element !== old || element !== now) if (this.list.children[i] !== element) this.list.insertBefore(element, this.list.children[i] ?? null);
  }

  // The focus stays on the same button, or else on the card's name, and a half-chosen place stays chosen.
  exchange(old, element) {
    const focus = old.contains(document.activeElement) ? document.activeElement.dataset.act ?? "" : null;
    const chosen = find("select", old)?.value;
    old.replaceWith(element);
    const choice = find("select", element);
    if (choice && chosen) {
      choice.value = chosen;
      choice.dispatchEvent(new Event("change"));
    }
    if (focus === null) return;
    const same = focus && find(`[data-act="${focus}"]:not(:disabled)`, element);
    (same || find("h3", element) || find("button", element))?.focus();
  }

  count(shown) {
    const open = shown.filter((card) => this.app.cards.stateOf(card) === "open").length;
    const badge = find("#open-count");
    badge.textContent = open > 0 ? String(open) : "";
    badge.hidden = open === 0;
    find("#nav-people").setAttribute("aria-label", open > 0 ? say("nav_people_open", { count: open }) : say("nav_people"));
  }

  // Read out once each, politely; a card that ends says nothing.
  announce({ kind, card }) {
    const name = nameOf(card);
    const places = new Map(this.app.me.conference.places.map((place) => [place.place, place.name]));
    if (kind === "suggested") this.live.textContent = say("new_card", { name, why: (card.why ?? []).map(whyInWords).join(". ") });
    if (kind === "agreed") this.live.textContent = say("new_agreed", { name });
    if (kind === "located") this.live.textContent = say("new_place", { name, place: places.get(card.their_place) ?? card.their_place });
  }

  async act(card, what, place) {
    const id = card.card;
    if (what === "dismiss") return this.dismiss(id);
    if (what === "block" && !(await this.sureToBlock(card))) return undefined;
    this.trouble.delete(id);
    this.busy.add(id);
    this.draw();
    try {
      if (what === "block") await attendee.block(id);
      else await attendee.answer(id, what, place);
      if (what !== "block") this.app.cards.answered(id, what, place);
    } catch (problem) {
      if (problem.status === 401) return this.app.refused(problem);
      this.trouble.set(id, problem.message);
    } finally {
      this.busy.delete(id);
      this.app.keep();
      this.draw();
    }
    return undefined;
  }

  dismiss(id) {
    this.app.cards.forget(id);
    this.app.keep();
    this.draw();
    find("#cards-heading").focus();
  }

  sureToBlock(card) {
    return confirmed({ heading: say("block_heading", { name: nameOf(card) }), text: say("block_text", { name: nameOf(card) }), yes: say("block_yes") });
  }
}
