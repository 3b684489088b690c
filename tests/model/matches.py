"""What was put out, what was answered, and what state each match is therefore in (readings 20, 23 to 30).

Owns: reading outputs and answers. May never: decide a new output.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple

from schemas.times import HOUR_MS, MINUTE_MS
from tests.model.records import Json, Record

AGAIN_AFTER_LATER_MS = 60 * MINUTE_MS
AGAIN_AFTER_WITHDRAWAL_MS = 4 * HOUR_MS
DECISIONS = ("accepted", "later", "declined", "met")
ONLY_AGREED = ("met", "not_met", "here")
MAY_COME_AGAIN = ("left", "expired", "consent_withdrawn")


class Key(NamedTuple):
    """A match: its two people in order, and how many matches of theirs were withdrawn before."""

    a: str
    b: str
    n: int


@dataclass(frozen=True, eq=False)
class Output:
    """What was put out: `body` is the public form, the rest is what the model itself asks for."""

    type: str
    key: Key
    at: int
    caused_by: str
    to: tuple[str, ...]
    body: Json
    chat_only: bool = False


@dataclass(frozen=True, eq=False)
class Answer:
    """An answer that was of effect: its match was open to its sender when it came, and agreed where it must be."""

    record: Record
    key: Key

    @property
    def word(self) -> str:
        return str(self.record.event["answer"])


class Matches:
    """All matches, as outputs, answers and blocks leave them.

    `erased` are attendees to whom nothing is open; `blocked` the matches in which one blocked the other while open.
    """

    def __init__(
        self, outputs: Sequence[Output], answers: Sequence[Answer], erased: Sequence[str], blocked: Set[Key]
    ) -> None:
        self._outputs = outputs
        self._answers = answers
        self._erased = erased
        self._blocked = blocked

    def every(self) -> list[Key]:
        """Every match that there ever was, in order of its people."""
        return sorted({o.key for o in self._outputs})

    def of_pair(self, a: str, b: str) -> list[Key]:
        """The matches of a pair, oldest first."""
        return [key for key in self.every() if key[:2] == (a, b)]

    def outputs(self, key: Key, kind: str) -> list[Output]:
        """What was put out of one type for one match."""
        return [o for o in self._outputs if o.key == key and o.type == kind]

    def suggestions_to(self, attendee: str) -> list[Output]:
        """What took room in the budgets of an attendee."""
        return [o for o in self._outputs if o.type == "match.suggested" and attendee in o.to]

    def agreed(self, key: Key) -> bool:
        return bool(self.outputs(key, "match.agreed"))

    def withdrawn_to(self, key: Key) -> set[str]:
        return {who for o in self.outputs(key, "match.withdrawn") for who in o.to}

    def answers(self, key: Key) -> list[Answer]:
        return [answer for answer in self._answers if answer.key == key]

    def decision(self, key: Key, attendee: str) -> Answer | None:
        """The standing decision: the one with the later `at`, then later in the log."""
        said = [x for x in self.answers(key) if x.record.attendee == attendee and x.word in DECISIONS]
        return max(said, key=lambda x: x.record.rank, default=None)

    def decided(self, key: Key, attendee: str, word: str) -> bool:
        decision = self.decision(key, attendee)
        return decision is not None and decision.word == word

    def open_to(self, key: Key) -> list[str]:
        """To whom the match is open: nobody after `met`, and not who got its withdrawal or is erased."""
        people = key[:2]
        if key not in self.every() or any(self.decided(key, who, "met") for who in people):
            return []
        withdrawn = self.withdrawn_to(key)
        return [who for who in people if who not in withdrawn and who not in self._erased]

    def may_agree(self, key: Key) -> bool:
        """Open to both, not agreed yet, and neither ever blocked the other in it."""
        return len(self.open_to(key)) == 2 and not self.agreed(key) and key not in self._blocked

    def suggested_to(self, key: Key, attendee: str) -> list[Output]:
        """The first suggestion of a match, and the second to that attendee if it came."""
        return [o for o in self.outputs(key, "match.suggested") if attendee in o.to]

    def second_from(self, key: Key, attendee: str) -> int | None:
        """From when the second suggestion may come to who said `later`; None if it never may.

        What the other one said, or whether the other one still has the card, does not matter.
        """
        last = self.decision(key, attendee)
        if last is None or last.word != "later" or self.agreed(key) or attendee not in self.open_to(key):
            return None
        return last.record.at + AGAIN_AFTER_LATER_MS if len(self.suggested_to(key, attendee)) == 1 else None

    def new_from(self, a: str, b: str) -> int | None:
        """From when a pair may be suggested as a new match; None if it never may again.

        A decline or a block by id leaves a withdrawal to one alone; after `met` there is none.
        """
        keys = self.of_pair(a, b)
        if not keys:
            return 0
        ends = self.outputs(keys[0], "match.withdrawn")
        to_both = len(ends) == 1 and ends[0].to == (a, b) and ends[0].body["cause"] in MAY_COME_AGAIN
        if len(keys) > 1 or not to_both or keys[0] in self._blocked:
            return None
        return ends[0].at + AGAIN_AFTER_WITHDRAWAL_MS
