// What this device keeps for when there is no connection: the cards, and whose they are. No longer than the session's
// cookie would show them anyway, and a day at most; signing out and erasing take it away, here and in every tab.

const KEY = "hallway";
const KEPT_MS = 24 * 60 * 60 * 1000;

// at: when the cards were last known to be so, as an ISO time
export function keep(me, cards, at) {
  try {
    localStorage.setItem(KEY, JSON.stringify({ me, cards: cards.kept(), at }));
  } catch {
    forget(); // full, or forbidden: nothing kept is better than something old
  }
}

export function kept() {
  try {
    const found = JSON.parse(localStorage.getItem(KEY));
    if (found && Date.now() - Date.parse(found.at) < KEPT_MS) return found;
  } catch {
    // not ours, or forbidden: then there is nothing
  }
  forget();
  return null;
}

export function forget() {
  try {
    localStorage.removeItem(KEY);
  } catch {
    // forbidden: then nothing was kept either
  }
}
