"""The model's door: records in, outputs out.

Owns: the log so far, the outputs so far, the stepping from one due moment to the next (readings 5 and 31).
Theory: after each record everything is worked out anew. Between two records something can only happen at a
moment that is a span after a sign, a suggestion, a `later` or a withdrawal; those are looked at one by one.
"""

from itertools import combinations

from schemas.times import DAY_MS, HOUR_MS, format_time
from tests.model.decide import Facts, Moment
from tests.model.evidence import Evidence
from tests.model.matches import ONLY_AGREED, Answer, Key, Matches, Output
from tests.model.people import People
from tests.model.presence import Presence
from tests.model.records import Json, Record, judged, policy_of


class Model:
    """One conference. `policy_override` replaces numbers of every opening."""

    def __init__(self, policy_override: Json | None = None) -> None:
        self._override = policy_override
        self._waiting: list[Json] = []  # before the opening nothing can be judged
        self._records: list[Record] = []
        self._answers: list[Answer] = []
        self._outputs: list[Output] = []
        self._blocked: set[Key] = set()  # matches in which one blocked the other while they were open
        self._facts: Facts | None = None  # None until the conference is opened
        self._closed = False
        self._now = 0  # of the last record

    def apply(self, event: Json) -> list[Json]:
        """The outputs of what is due before the event, and the event's own."""
        opening = self._opening() or (event if event["type"] == "conference.opened" else None)
        self._waiting.append(event)
        if opening is None:
            return []
        waiting, self._waiting = self._waiting, []
        before = len(self._outputs)
        for waited in waiting:
            self._take(waited, self._opening() or opening)
        if self._opening() is None and not self._closed:  # the opening was a double: all go on waiting
            self._records, self._waiting = [], waiting[:-1]
        return [self._public(o, i) for i, o in enumerate(self._outputs[before:])]

    def ties(self, all: bool = False) -> list[Json]:
        """The pairs that know each other, or with `all` those with any evidence, strongest first."""
        if self._facts is None:
            return []
        pairs = combinations(self._facts.people.registered, 2)
        ties = [tie for a, b in pairs if (tie := self._tie(self._facts.evidence, a, b, all)) is not None]
        return sorted(ties, key=lambda tie: (-tie["score"], tie["a"], tie["b"]))

    def _tie(self, evidence: Evidence, a: str, b: str, any_evidence: bool) -> Json | None:
        t = self._now
        known = evidence.knows(a, b, t)
        reasons = evidence.reasons(a, b, t, one_sided=any_evidence)
        any_at_all = reasons or evidence.common_contacts(a, b, t)
        if not (known or (any_evidence and any_at_all)):
            return None
        return {"a": a, "b": b, "score": evidence.score(a, b, t) / 10_000, "known": known, "reasons": reasons}

    def _opening(self) -> Json | None:
        return next((r.event for r in reversed(self._records) if r.type == "conference.opened"), None)

    def _take(self, event: Json, opening: Json) -> None:
        record = judged(event, self._records, opening, policy_of(self._opening() or {}, self._override))
        if record is None or (self._closed and record.type != "attendee.erased"):
            return
        if self._closed:  # erasure beats all, but puts nothing out
            self._records.append(record)
            self._now = record.now
            self._facts = self._derived() if self._opening() else None
            return
        self._until(record.now)
        self._records.append(record)
        self._now = record.now
        self._closed = record.type == "conference.closed"
        if self._opening() is None or self._closed:
            return
        if record.type == "match.answered":
            self._note(record)
        self._facts = self._derived()
        self._note_blocks(self._facts.people)
        Moment(self._facts, self._outputs, record.now, record).decide()

    def _derived(self) -> Facts:
        people = People(self._records, self._override)
        opening = self._opening()
        assert opening is not None, "nothing follows from records before the opening"
        heres = [x.record for x in self._answers if x.word == "here"]
        presence = Presence(self._records, heres, people.policy["presence_hours"])
        evidence = Evidence(self._records, people, opening["chats"])
        return Facts(people, presence, evidence, self._answers, self._blocked)

    def _note(self, record: Record) -> None:
        """An answer is of effect if its match is open to its sender; some are only after the agreement."""
        matches, named = self._matches(), record.event["match"]
        key = None if isinstance(named, str) else Key(*named)
        if key is None or record.attendee not in matches.open_to(key):
            return
        if record.event["answer"] in ONLY_AGREED and not matches.agreed(key):
            return
        self._answers.append(Answer(record, key))

    def _note_blocks(self, people: People) -> None:
        """Which open matches this record's blocks spoil, by id or by account, for good."""
        matches = self._matches()
        for key in matches.every():
            if matches.open_to(key) and (people.blocks(key.a, key.b) or people.blocks(key.b, key.a)):
                self._blocked.add(key)

    def _matches(self) -> Matches:
        erased = list(map(str, self._facts.people.erased)) if self._facts else []
        return Matches(self._outputs, self._answers, erased, self._blocked)

    # What is due

    def _until(self, now: int) -> None:
        """Lets happen what is due after the last record's now, up to `now`, moment by moment."""
        if self._facts is None:
            return
        t = self._now
        while due := sorted(d for d in self._due_moments(self._facts) if t < d <= now):
            t = due[0]
            Moment(self._facts, self._outputs, t, None).decide()

    def _due_moments(self, facts: Facts) -> set[int]:
        """Every moment at which a span ends, whether or not anything follows from it."""
        matches = self._matches()
        keys = matches.every()
        suggested = [o.at for key in keys for o in matches.outputs(key, "match.suggested")]
        moments: set[int | None] = {at + span for at in suggested for span in (HOUR_MS, DAY_MS)}
        moments |= {matches.second_from(key, who) for key in keys for who in key[:2]}
        moments |= {matches.new_from(key.a, key.b) for key in keys}
        moments |= {facts.presence.lapses_at(who) for key in keys if matches.open_to(key) for who in key[:2]}
        return {moment for moment in moments if moment is not None}

    def _public(self, output: Output, index: int) -> Json:
        """The output as in the contract, but without `id` and with the key in the place of the match's id."""
        record = self._records[-1]
        return {
            "type": output.type,
            "at": format_time(output.at),
            "conference": record.event["conference"],
            "match": tuple(output.key),
            "caused_by": output.caused_by,
            "position": f"{record.n}-{index}",
            "to": list(output.to),
            **output.body,
        }
