// The list of cards on the page: draws what changed, and keeps the focus where it was.
import { Announcing } from "./announcements.js";
import { attendee } from "./api.js";
import { arranged } from "./bursts.js";
import { cardView, groupView, nameOf } from "./card_view.js";
import { confirmed } from "./dialog.js";
import { find } from "./dom.js";
import { say } from "./words.js";

export class Board {
  // app: cards, me, keep(), answered(id, answer, place), refused(problem)
  constructor(app) {
    this.app = app;
    this.list = find("#cards");
    this.empty = find("#cards-none");
    this.announcing = new Announcing();
    this.trouble = new Map();
    this.busy = new Set();
    this.opened = new Set(); // cards that were taken out of a group
    this.drawn = new Map(); // element's key -> what it was drawn from
    this.elements = new Map();
  }

  draw() {
    const { cards, me } = this.app;
    const shown = cards.list();
    const isOpen = (card) => !me.conference.closed && cards.stateOf(card) === "open";
    const keys = new Set();
    const top = arranged(shown, isOpen, this.opened).map((row, i) => (row.card ? this.card(row.card, keys) : this.group(row.group, `group-${i}`, keys)));
    for (const key of [...this.elements.keys()].filter((one) => !keys.has(one))) this.drop(key);
    inOrder(this.list, top);
    this.empty.hidden = shown.length > 0;
    this.empty.textContent = say(me.conference.closed ? "cards_none_closed" : me.present ? "cards_none_here" : "cards_none_away");
    this.count(shown.filter(isOpen).length);
  }

  card(card, keys) {
    const id = card.card;
    const { cards, me } = this.app;
    const context = { state: cards.stateOf(card), answer: cards.answerOf(card), told: cards.toldPlaceOf(card), trouble: this.trouble.get(id), busy: this.busy.has(id), closed: Boolean(me.conference.closed) };
    return this.kept(id, keys, [card, context], () => cardView(card, { ...context, places: this.places(), act: (what, place) => this.act(card, what, place) }));
  }

  group(cards, key, keys) {
    const folded = cards.map((card) => this.card(card, keys));
    const names = cards.map((card) => card.name).filter(Boolean);
    const element = this.kept(key, keys, [cards.length, names], () => groupView(cards.length, names, () => this.unfold(cards)));
    inOrder(find(".folded", element), folded);
    return element;
  }

  // The element under this key, drawn anew only when what it shows is not the same.
  kept(key, keys, from, make) {
    keys.add(key);
    const drawnFrom = JSON.stringify(from);
    const old = this.elements.get(key);
    if (old && this.drawn.get(key) === drawnFrom) return old;
    const element = make();
    if (old) exchange(old, element);
    else element.classList.add("new");
    this.drawn.set(key, drawnFrom);
    this.elements.set(key, element);
    return element;
  }

  drop(key) {
    const element = this.elements.get(key);
    const focused = element.contains(document.activeElement);
    element.remove();
    if (focused) find("#cards-heading").focus();
    this.elements.delete(key);
    this.drawn.delete(key);
  }

  unfold(cards) {
    for (const { card } of cards) this.opened.add(card);
    this.draw();
    find("h3", this.elements.get(cards[0].card))?.focus();
  }

  places() {
    return new Map(this.app.me.conference.places.map((place) => [place.place, place.name]));
  }

  count(open) {
    const badge = find("#open-count");
    badge.textContent = open > 0 ? String(open) : "";
    badge.hidden = open === 0;
    find("#nav-people").setAttribute("aria-label", open > 0 ? say("nav_people_open", { count: open }) : say("nav_people"));
  }

  announce(change) {
    this.announcing.add(change, this.places());
  }

  async act(card, what, place) {
    const id = card.card;
    if (this.busy.has(id)) return undefined; // tapped twice
    if (what === "dismiss") return this.dismiss(id);
    if (what === "block" && !(await this.sureToBlock(card))) return undefined;
    this.trouble.delete(id);
    this.busy.add(id);
    this.draw();
    try {
      await this.send(id, what, place);
    } catch (problem) {
      if (problem.status === undefined) throw problem; // ours, not the server's
      if (problem.status === 401) return this.app.refused(problem);
      if (problem.status === 409) this.app.cards.end(id); // it ended while the tap was under way
      else this.trouble.set(id, problem.message);
    } finally {
      this.busy.delete(id);
      if (this.app.me) {
        this.app.keep();
        this.draw();
      }
    }
    return undefined;
  }

  async send(id, what, place) {
    if (what === "block") {
      await attendee.block(id);
      this.app.cards.end(id);
    } else {
      await attendee.answer(id, what, place);
      this.app.answered(id, what, place);
    }
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

// Moves only what is out of place: an element that is moved loses the focus.
function inOrder(parent, elements) {
  elements.forEach((element, i) => {
    const now = parent.children[i] ?? null;
    if (now !== element) parent.insertBefore(element, now);
  });
}

// The focus stays on the same button, or else on the card's name, and a half-chosen place stays chosen.
function exchange(old, element) {
  const focus = old.contains(document.activeElement) ? document.activeElement.dataset.act ?? "" : null;
  const chosen = find("select", old)?.value;
  if (element.classList.contains("is-over")) element.style.minHeight = `${old.getBoundingClientRect().height}px`; // nothing moves under a finger
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
