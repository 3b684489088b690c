// Many at once are one group: the first of them stay as cards, the others wait behind one row that opens.
// Why: the first ones stay where they are when more come, so nothing moves under a finger. A burst is known by the
// cards' own times, so that it is the same after a reload.

const WITHIN_MS = 10_000;
const STAY = 3; // as many as the default policy suggests in an hour

// cards in the order shown; isOpen(card): still to be answered; opened: ids of cards that were taken out of a group.
// Gives rows: { card } or { group: [card, …] }, no card twice.
export function arranged(cards, isOpen, opened) {
  const rows = [];
  let burst = null; // when it began, how many of it are shown, and its group
  for (const card of cards) {
    if (!isOpen(card) || opened.has(card.card)) {
      rows.push({ card });
      continue;
    }
    const at = Date.parse(card.at);
    if (!burst || Math.abs(at - burst.at) > WITHIN_MS) burst = { at, shown: 0, row: null };
    if (burst.shown < STAY) {
      burst.shown += 1;
      rows.push({ card });
    } else if (burst.row) burst.row.group.push(card);
    else rows.push((burst.row = { group: [card] }));
  }
  return rows;
}
