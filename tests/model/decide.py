"""What is put out at one moment (readings 5 to 7, 21 to 30).

Owns: the rules from people, presence, evidence and matches to outputs. May never: remember anything.
Theory: a moment is either the due one (`record` is None), or that of a record just taken into the facts.
"""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import combinations

from schemas.times import DAY_MS, HOUR_MS
from tests.model.evidence import Evidence
from tests.model.matches import AGAIN_AFTER_WITHDRAWAL_MS, Answer, Key, Matches, Output
from tests.model.people import People
from tests.model.presence import Presence
from tests.model.records import Json, Record


@dataclass(frozen=True)
class Facts:
    """Everything that follows from the records, without the outputs."""

    people: People
    presence: Presence
    evidence: Evidence
    answers: Sequence[Answer]
    blocked: Set[Key]

    @property
    def policy(self) -> Json:
        return self.people.policy


class Moment:
    """One moment `t`; `outputs` are those put out so far and grow as this moment puts out its own."""

    def __init__(self, facts: Facts, outputs: list[Output], t: int, record: Record | None) -> None:
        self._facts = facts
        self._outputs = outputs
        self._t = t
        self._record = record
        self._matches = Matches(outputs, facts.answers, list(map(str, facts.people.erased)), facts.blocked)

    def decide(self) -> None:
        """Adds this moment's outputs, in the contract's order."""
        for part in (self._withdrawals, self._agreements, self._locations):
            self._outputs.extend(list(part()))
        self._suggest()

    # Withdrawals

    def _withdrawals(self) -> Iterator[Output]:
        for key in self._matches.every():
            to = self._matches.open_to(key)
            end = self._common_end(key) if to else None
            if end:
                yield self._withdrawn(key, end[0], to, end[1])
                continue
            for who in to:
                cause = self._own_end(key, who, key.b if who == key.a else key.a)
                if cause:
                    yield self._withdrawn(key, cause, [who], self._record_id())

    def _own_end(self, key: Key, who: str, other: str) -> str | None:
        """Why the match ends for `who` alone. A block by account ends none: it would tell whose card it is."""
        if self._matches.decided(key, who, "declined"):
            return "declined"
        return "blocked" if self._facts.people.names(who, other) else None

    def _common_end(self, key: Key) -> tuple[str, str] | None:
        """Why the match ends for all to whom it is still open, and the input that it comes from."""
        facts, pair = self._facts, key[:2]
        if any(who in facts.people.erased for who in pair):
            return "erased", self._record_id()
        if self._record is None:
            lapsed = [who for who in pair if facts.presence.lapses_at(who) == self._t]
            sign = facts.presence.last_sign(lapsed[0]) if lapsed else None
            return ("expired", sign.id) if sign else None
        if any(facts.presence.has_left(who) for who in pair):
            return "left", self._record_id()
        if not all(facts.people.consents(who, "matching") for who in pair):
            return "consent_withdrawn", self._record_id()
        rests_on_chats = self._matches.outputs(key, "match.suggested")[0].chat_only
        if rests_on_chats and not all(facts.people.consents(who, "chats") for who in pair):
            return "consent_withdrawn", self._record_id()
        return ("unproved", self._record_id()) if self._is_unproved(key) else None

    def _is_unproved(self, key: Key) -> bool:
        """Did this record take an account from one of the two, and do they not know each other (any more)?"""
        if self._record is None or self._record.type != "account.verified":
            return False
        lost = self._facts.people.loser(self._record) in key[:2]
        return lost and not self._facts.evidence.knows(key.a, key.b, self._t)

    def _withdrawn(self, key: Key, cause: str, to: Sequence[str], caused_by: str) -> Output:
        return self._output("match.withdrawn", key, to, caused_by, {"attendees": list(key[:2]), "cause": cause})

    # Agreements and locations

    def _agreements(self) -> Iterator[Output]:
        for key in self._matches.every():
            accepted = all(self._matches.decided(key, who, "accepted") for who in key[:2])
            if accepted and self._matches.may_agree(key):
                body = {
                    "attendees": list(key[:2]),
                    "places": {who: self._shared_place(who) for who in key[:2]},
                }
                yield self._output("match.agreed", key, key[:2], self._record_id(), body)

    def _shared_place(self, who: str) -> str | None:
        shares = self._facts.people.consents(who, "share_place")
        return self._facts.presence.place(who) if shares else None

    def _locations(self) -> Iterator[Output]:
        """The `here` that just came, if it is of effect and no other `here` of its sender is newer."""
        heres = [x for x in self._facts.answers if x.word == "here"]
        for answer in heres:
            key, who = answer.key, answer.record.attendee
            own = [x.record.rank for x in heres if x.key == key and x.record.attendee == who]
            is_new = answer.record is self._record and answer.record.rank == max(own)
            if is_new and len(self._matches.open_to(key)) == 2:
                body = {"attendee": who, "place": answer.record.event["place"]}
                other = key.b if who == key.a else key.a
                yield self._output("match.located", key, [other], answer.record.id, body)

    # Suggestions

    def _suggest(self) -> None:
        """Strongest first; each takes its room before the next is looked at."""
        ranked = []
        for a, b in combinations(self._facts.people.registered, 2):
            for key, to in self._askable(a, b):
                ranked.append((-self._facts.evidence.score(a, b, self._t), key, to))
        for minus_score, key, to in sorted(ranked):
            if all(self._has_room(who, span, limit) for who in to for span, limit in self._limits()):
                self._outputs.append(self._suggested(key, to, -minus_score))

    def _askable(self, a: str, b: str) -> Iterator[tuple[Key, tuple[str, ...]]]:
        """The match of a pair that would be suggested now if there is room, and to whom."""
        keys = self._matches.of_pair(a, b)
        for who in (a, b):
            second_from = self._matches.second_from(keys[-1], who) if keys else None
            if second_from is not None and second_from <= self._t:
                yield keys[-1], (who,)
        new_from = self._matches.new_from(a, b)
        if new_from is not None and new_from <= self._t and self._fit(a, b):
            yield Key(a, b, len(keys)), (a, b)

    def _fit(self, a: str, b: str) -> bool:
        """Everything that a new match needs but room."""
        people, presence = self._facts.people, self._facts.presence
        return (
            all(people.consents(who, "matching") and presence.present(who, self._t) for who in (a, b))
            and not people.blocks(a, b)
            and not people.blocks(b, a)
            and self._facts.evidence.knows(a, b, self._t)
        )

    def _limits(self) -> list[tuple[int, int]]:
        return [(HOUR_MS, self._facts.policy["per_hour"]), (DAY_MS, self._facts.policy["per_day"])]

    def _has_room(self, who: str, span: int, limit: int) -> bool:
        return sum(self._t - o.at < span for o in self._matches.suggestions_to(who)) < limit

    def _suggested(self, key: Key, to: tuple[str, ...], score: int) -> Output:
        a, b, _ = key
        evidence, people = self._facts.evidence, self._facts.people
        near = all(people.consents(who, "share_place") for who in (a, b)) and self._facts.presence.same_place(
            a, b, self._t, self._facts.policy["near_minutes"]
        )
        reasons = evidence.reasons(a, b, self._t)
        if not reasons:  # of a second suggestion: those that this one person was given before
            reasons = self._matches.suggested_to(key, to[0])[-1].body["reasons"]
        body = {"attendees": [a, b], "score": score / 10_000, "reasons": reasons, "near": near}
        chat_only = not evidence.knows_by_conversation(a, b, self._t)
        cause = self._record_id() if self._record else self._due_cause(key, to)
        return self._output("match.suggested", key, to, cause, body, chat_only)

    # Causes

    def _record_id(self) -> str:
        assert self._record is not None, "only lapses and suggestions are due"
        return self._record.id

    def _due_cause(self, key: Key, to: tuple[str, ...]) -> str:
        """The input that set this due time: a waiting span first, then room by attendee, hour before day."""
        later = self._matches.decision(key, to[0]) if len(to) == 1 else None
        if later is not None and self._matches.second_from(key, to[0]) == self._t:
            return later.record.id
        ends = [] if len(to) == 1 else self._matches.outputs(Key(key.a, key.b, key.n - 1), "match.withdrawn")
        if ends and ends[0].at + AGAIN_AFTER_WITHDRAWAL_MS == self._t:
            return ends[0].caused_by
        freed = (self._freeing(who, span, limit) for who in to for span, limit in self._limits())
        return next(o.caused_by for o in freed if o is not None)

    def _freeing(self, who: str, span: int, limit: int) -> Output | None:
        """The suggestion whose end gave room to `who` at this very moment: as many as may be came after it."""
        earlier = [o for o in self._matches.suggestions_to(who) if o.at < self._t]
        counted = [o for o in earlier if self._t - o.at <= span]
        if len(counted) < limit:
            return None  # there was room before
        last = counted[len(counted) - limit]
        return last if self._t - last.at == span else None

    def _output(
        self, kind: str, key: Key, to: Sequence[str], caused_by: str, body: Json, chat_only: bool = False
    ) -> Output:
        return Output(kind, key, self._t, caused_by, tuple(to), body, chat_only)
