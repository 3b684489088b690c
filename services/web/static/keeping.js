// What this tab keeps for when there is no connection: the cards, and whose they are. In the session's storage, so
// that it goes with the tab; a phone that is lent or lost does not hold a list of acquaintances.

const KEY = "hallway";

export function keep(me, cards) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ me, cards: cards.kept(), at: new Date().toISOString() }));
  } catch {
    forget(); // full, or forbidden: nothing kept is better than something old
  }
}

export function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY));
  } catch {
    return null;
  }
}

export function forget() {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // forbidden: then nothing was kept either
  }
}
