"""Who knows whom, roughly: as much as the answers need to be for matches that exist.

Responsibility: counts of addresses and of common sessions between attendees who post. It is not the engine (it
knows no deletions, no released accounts, no age, no common friends). The rules of knowing are the contract's.
Why: at HIMSS's size there are many pairs, so each is one number: posts of a to b, of b to a, days on which
they talked, the last of these days; or common sessions and their weight.
"""

from collections.abc import Container, Iterable

KNOWN_EACH = 2
KNOWN_POSTS = 4
KNOWN_DAYS = 2
CHAT_SESSIONS = 3
CHAT_WEIGHT = 2_000  # thousandths
MOST_PEOPLE = 500  # larger sessions weigh nothing
_FIELD = 24  # bits of one of the counts
_MASK = (1 << _FIELD) - 1
_BACK, _DAY, _LAST = 1 << _FIELD, 1 << 2 * _FIELD, 3 * _FIELD
_SESSION = 1 << 32


class Ties:
    """Counts; pairs are ``a * attendees + b``, a < b."""

    def __init__(self, attendees: int) -> None:
        self._attendees = attendees
        self._talks: dict[int, int] = {}
        self._common: dict[int, int] = {}

    def address(self, a: int, b: int, utc_day: int) -> None:
        """A post of ``a`` addresses ``b``; persons who are no attendees do not matter."""
        if a >= self._attendees or b >= self._attendees:
            return
        pair, way = (a * self._attendees + b, 1) if a < b else (b * self._attendees + a, _BACK)
        talk = self._talks.get(pair, 0)
        last = talk >> _LAST
        if last != utc_day:
            talk += ((utc_day - last) << _LAST) + _DAY
        self._talks[pair] = talk + way

    def session(self, people: Iterable[int]) -> None:
        """These were the authors of one session."""
        everybody = sorted(people)
        if len(everybody) > MOST_PEOPLE:
            return
        mark = _SESSION + min(1_000, 10_000 // max(1, len(everybody)))
        here = [person for person in everybody if person < self._attendees]
        common = self._common
        for index, a in enumerate(here):
            row = a * self._attendees
            for b in here[index + 1 :]:
                common[row + b] = common.get(row + b, 0) + mark

    def known(self, chatting: Container[int]) -> dict[int, list[int]]:
        """For each attendee those they know, the strongest first; by chats only who is in ``chatting``."""
        ranked: dict[int, list[tuple[int, int]]] = {}
        for pair, strength in self._strengths(chatting).items():
            a, b = divmod(pair, self._attendees)
            ranked.setdefault(a, []).append((-strength, b))
            ranked.setdefault(b, []).append((-strength, a))
        return {person: [other for _, other in sorted(others)] for person, others in ranked.items()}

    def _strengths(self, chatting: Container[int]) -> dict[int, int]:
        """Of all pairs that know each other, in fifths of a post (days and sessions count as in the score)."""
        strengths: dict[int, int] = {}
        for pair, talk in self._talks.items():
            there, back, days = talk & _MASK, talk >> _FIELD & _MASK, talk >> 2 * _FIELD & _MASK
            if min(there, back) >= KNOWN_EACH and there + back >= KNOWN_POSTS and days >= KNOWN_DAYS:
                strengths[pair] = 5 * (there + back + min(there, back) + 4 * days)
        for pair, mark in self._common.items():
            sessions, weight = divmod(mark, _SESSION)
            known = sessions >= CHAT_SESSIONS and weight >= CHAT_WEIGHT
            if pair in strengths or known:
                a, b = divmod(pair, self._attendees)
                if a in chatting and b in chatting:
                    strengths[pair] = strengths.get(pair, 0) + weight // 1_000
        return strengths
