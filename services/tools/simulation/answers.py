"""Answers to matches, without running the engine.

Responsibility: a rough guess of which pairs are suggested when, and what the two say. It does not run the engine. The
guess knows ties, presence, budget and one second chance; it does not know blocks, deletions or exact scores. Measured
against the engine: three answers of four hit an open match at 300 attendees, seven of ten at 45,000.
Answers to a match that was not made are without effect, as those of an outdated page are.

Numbers and reasons:
- A pair is tried when one of the two is scanned or has budget again, the strongest first, at most 3 an hour
  and 10 a day each (contract).
- Assumptions, so that every course of a match is seen: of those who are told 48 % accept, 30 % do nothing
  (a noisy hall), 12 % say later, 10 % decline; within 1
  to 40 minutes, most at the next glance. Who said later accepts in 6 of 10 cases after the hour.
- After the agreement half say where they are, 60 % say that they met within the hour, 15 % that they did
  not.
- One in 50 says where they are too early, before the other accepted (without effect).
"""

from bisect import bisect_left
from collections.abc import Mapping
from heapq import heappop, heappush

from schemas.events import Answer, MatchAnswered
from schemas.times import DAY_MS, HOUR_MS, MINUTE_MS
from services.tools.simulation.check_ins import Sign
from services.tools.simulation.log import Log, text
from services.tools.simulation.people import attendee_id
from services.tools.simulation.randomness import Chance, Quota
from services.tools.simulation.registrations import NEVER
from services.tools.simulation.schedule import CONFERENCE
from streams.matching.ids import match_id

PER_HOUR, PER_DAY = 3, 10
ROOM = "?"  # in the place of a sign: there is room again, an hour after a suggestion
STAY_MS = 12 * HOUR_MS
PAUSE_MS = 4 * HOUR_MS
LATE_SHARE = 0.01  # a phone without network says it up to half an hour later

_LAST = ("declined", "met")  # after which a pair is not suggested again

Step = tuple[int, int, Answer]  # at (ms), 0 or 1 (which of the two), what


class Answers:
    """Guesses the matches of each day and answers them."""

    def __init__(self, attendees: int, ready: Mapping[int, tuple[int, int]], log: Log, seed: int) -> None:
        self._attendees = attendees
        self._ready = ready
        self._log = log
        self._chance = chance = Chance(seed, "answers")
        self._late = Quota(chance, LATE_SHARE)
        self._early = Quota(chance, 0.02)
        self._told: dict[int, list[int]] = {}
        self._pairs: dict[int, tuple[int, int]] = {}  # pair -> (withdrawals so far, not before)
        self._known: dict[int, list[int]] = {}
        self._agenda: list[Sign] = []
        self._leaves: dict[int, list[int]] = {}
        self._last: dict[int, int] = {}
        self._places: dict[int, str] = {}

    def day(self, signs: list[Sign], known: dict[int, list[int]]) -> None:
        """Answers of one day, given what the voices did on it and who knows whom, the strongest first."""
        self._known = known
        self._leaves, self._last, self._places = {}, {}, {}
        for sign in signs:
            if sign.left:
                self._leaves.setdefault(sign.person, []).append(sign.at)
            else:
                self._last[sign.person] = sign.at
        present: set[int] = set()  # asked, never gone through
        self._agenda = signs[:]  # sorted, so a heap
        while self._agenda:
            sign = heappop(self._agenda)
            if sign.left:
                present.discard(sign.person)
            elif self._is_ready(sign.person, sign.at) and (sign.place != ROOM or sign.person in present):
                present.add(sign.person)
                if sign.place not in ("", ROOM):
                    self._places[sign.person] = sign.place
                self._try(sign.person, sign.at, present)

    def _try(self, person: int, at: int, present: set[int]) -> None:
        for other in self._known.get(person, ()):
            if not self._room(person, at):
                return
            if other in present and self._room(other, at) and self._is_ready(other, at):
                a, b = (person, other) if person < other else (other, person)
                withdrawals, again = self._pairs.get(a * self._attendees + b, (0, 0))
                if at >= again:
                    self._suggest(a, b, at, withdrawals)

    def _is_ready(self, person: int, at: int) -> bool:
        since, until = self._ready.get(person, (NEVER, NEVER))
        return since < at < until

    def _room(self, person: int, at: int) -> bool:
        told = self._told.get(person)
        if told is None:
            return True
        hour = len(told) - bisect_left(told, at - HOUR_MS + 1)
        return hour < PER_HOUR and len(told) - bisect_left(told, at - DAY_MS + 1) < PER_DAY

    def _suggest(self, a: int, b: int, at: int, withdrawals: int) -> None:
        for person in (a, b):
            self._told.setdefault(person, []).append(at)
            heappush(self._agenda, Sign(at + HOUR_MS, person, ROOM, False))
        end = min(self._end(a, at), self._end(b, at))
        steps = [step for step in self._talk(at) if step[0] < end]
        second = withdrawals == 0 and not any(answer in _LAST for _, _, answer in steps)
        self._pairs[a * self._attendees + b] = (withdrawals + 1, end + PAUSE_MS if second else NEVER)
        names = (attendee_id(a), attendee_id(b))
        match = match_id(CONFERENCE, *names, withdrawals)
        for when, who, answer in steps:
            place = self._places.get((a, b)[who], "") if answer == "here" else ""
            if place or answer != "here":  # whom no badge has seen at a place yet has none to tell
                self._say(match, names[who], when, answer, place)

    def _end(self, person: int, at: int) -> int:
        """When the person leaves or lapses."""
        leaves = self._leaves.get(person, [])
        index = bisect_left(leaves, at)
        return leaves[index] if index < len(leaves) else self._last[person] + STAY_MS

    def _talk(self, at: int) -> list[Step]:
        """What the two say to each other's card, in any order."""
        first, second = self._reaction(at, 0), self._reaction(at, 1)
        steps = first + second
        accepted = [step for step in steps if step[2] == "accepted"]
        if len(accepted) == 2:
            return steps + self._meeting(max(accepted)[0])
        if accepted and self._early.due():
            steps.append((accepted[0][0] + MINUTE_MS, accepted[0][1], "here"))
        return steps

    def _reaction(self, at: int, who: int) -> list[Step]:
        chance = self._chance
        when = at + chance.soon(MINUTE_MS, 40 * MINUTE_MS)
        kind = chance.unit()
        if kind < 0.48:
            return [(when, who, "accepted")]
        if kind < 0.6:
            later: Step = (when, who, "later")
            if chance.likely(0.6):
                return [later, (when + HOUR_MS + chance.soon(MINUTE_MS, 40 * MINUTE_MS), who, "accepted")]
            return [later]
        return [(when, who, "declined")] if kind < 0.7 else []

    def _meeting(self, agreed: int) -> list[Step]:
        chance = self._chance
        steps: list[Step] = []
        for who in (0, 1):
            if chance.likely(0.5):
                steps.append((agreed + chance.soon(20_000, 10 * MINUTE_MS), who, "here"))
            kind = chance.unit()
            if kind < 0.45:  # of two, 60 % and more hear it from one
                steps.append((agreed + chance.between(12 * MINUTE_MS, HOUR_MS), who, "met"))
            elif kind < 0.6:
                steps.append((agreed + chance.between(20 * MINUTE_MS, 2 * HOUR_MS), who, "not_met"))
        return steps

    def _say(self, match: str, attendee: str, at: int, answer: Answer, place: str) -> None:
        event = MatchAnswered(
            id=self._log.next_id(),
            at=text(at),
            source=f"attendee:{attendee}",
            conference=CONFERENCE,
            attendee=attendee,
            match=match,
            answer=answer,
            place=place or None,
        )
        way = (MINUTE_MS, 30 * MINUTE_MS) if self._late.due() else (50, 900)
        self._log.add(at + self._chance.soon(*way), event)
