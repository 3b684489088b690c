// The cards as they are now: a fold of the inbox's entries. No page, no network, no clock in here.
// Why: every entry has a position that only rises, its number in this inbox, so an entry at or before the newest one
// known was seen already. That makes a stream that says things twice, and several tabs that hear the same one, harmless.

// A position that an older version kept on this device is none: whatever comes is after it.
const number = (position) => Number(position) || 0;

export const isAfter = (one, other) => number(one) > number(other);

export class Cards {
  constructor() {
    this.position = null;
    this.all = new Map(); // in the order shown: new ones at the end, so that nothing moves under a finger
    this.answers = new Map(); // card -> own last answer; the inbox tells it back (your_answer), but for "met"
    this.told = new Map(); // card -> the place told with "I'm at …"; the inbox tells it back too (told_place)
  }

  list() {
    return [...this.all.values()];
  }

  // The whole inbox anew: whoever was lost on the way is in it. Cards that ended meanwhile are simply gone.
  replace(inbox) {
    const before = this.all;
    const coming = new Map(inbox.cards.map((card) => [card.card, card]));
    const fresh = inbox.cards.filter((card) => !before.has(card.card)).sort(byAgreedThenTime);
    this.all = new Map();
    for (const [id, old] of before) {
      if (coming.has(id)) {
        const said = this.answers.get(id);
        if (coming.get(id).at !== old.at && said === "later") this.answers.delete(id); // asked once more
        if (coming.get(id).your_answer) this.answers.delete(id); // perhaps from another device
        if (coming.get(id).told_place) this.told.delete(id);
        this.all.set(id, coming.get(id));
      }
      else if (this.answers.get(id) === "met") this.all.set(id, old); // met closes a card; it stays to look back on
    }
    for (const card of fresh) this.all.set(card.card, card);
    this.position = inbox.position ?? null; // also a lower one: after a reset the log's word is what holds
  }

  // One entry of the stream. Returns what is new about it, or null when it was known.
  apply(position, view) {
    if (!isAfter(position, this.position)) return null;
    this.position = position;
    const known = this.all.get(view.card);
    if (view.kind === "suggested") {
      this.answers.delete(view.card); // "later" is asked once more: then your_answer is null, the question open again
      this.all.set(view.card, { agreed_at: null, your_place: null, their_place: null, ...known, ...picked(view), position, over: false });
      return { kind: "suggested", card: this.all.get(view.card) };
    }
    if (!known || known.over) return null;
    if (view.kind === "withdrawn" && this.answers.get(view.card) === "met") return null; // it stays to look back on
    this.all.set(view.card, { ...known, ...changed(view), position });
    return { kind: view.kind, card: this.all.get(view.card) };
  }

  answered(id, answer, place) {
    if (answer === "here") this.told.set(id, place);
    else this.answers.set(id, answer);
  }

  answerOf(card) {
    return this.answers.get(card.card) ?? card.your_answer ?? null;
  }

  toldPlaceOf(card) {
    return this.told.get(card.card) ?? card.told_place ?? null;
  }

  stateOf(card) {
    if (card.over) return "over";
    const answer = this.answerOf(card);
    if (answer === "met") return "met";
    if (card.agreed_at) return answer === "not_met" ? "not_met" : "agreed";
    return answer === "accepted" || answer === "later" || answer === "declined" ? answer : "open";
  }

  // Over before the stream says so: blocked here, or refused as no longer open.
  end(id) {
    const card = this.all.get(id);
    if (card) this.all.set(id, { ...card, over: true });
  }

  forget(id) {
    this.all.delete(id);
    this.answers.delete(id);
    this.told.delete(id);
  }

  kept() {
    const cards = this.list().filter((card) => !card.over);
    return { position: this.position, cards, answers: [...this.answers], told: [...this.told] };
  }

  static from(kept) {
    const cards = new Cards();
    cards.position = kept.position;
    for (const card of kept.cards) cards.all.set(card.card, card);
    cards.answers = new Map(kept.answers);
    cards.told = new Map(kept.told);
    return cards;
  }
}

const byAgreedThenTime = (a, b) => Number(Boolean(b.agreed_at)) - Number(Boolean(a.agreed_at)) || String(b.at).localeCompare(String(a.at));
const picked = ({ card, at, name, picture, why, your_answer = null }) => ({ card, at, name, picture, why, your_answer });

function changed(view) {
  if (view.kind === "agreed") return { agreed_at: view.at, your_place: view.your_place, their_place: view.their_place, ...named(view) };
  if (view.kind === "located") return { their_place: view.their_place };
  return { over: true }; // withdrawn: all of them alike
}

// An agreement may allow more than a suggestion did, such as the name.
const named = ({ name, picture }) => ({ ...(name ? { name } : {}), ...(picture ? { picture } : {}) });
