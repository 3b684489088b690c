"""What one commit puts into which logs: routed, without doubles, stamped, encoded.

Owns: the router and the ids at the door, both as of the last commit. May never: write.
Theory: routing learns, so it is done in the order of the log, by the one who appends. When the append fails, what was
learnt is not true; then ``undo`` forgets the ids and the router is made anew from the journal before the next one.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec
from msgspec.structs import force_setattr

from schemas.codec import Record
from schemas.events import ActivityDeleted, ClockTicked, Input
from schemas.times import millis, written
from services.journal import Entry, Journal
from services.runtime.deduplication import Seen, by_connector, counts_for_sure
from services.runtime.event_validator import TICK_PREFIX
from services.runtime.log_reader import Kept
from services.runtime.results import DUPLICATE, KEPT_DELETION, UNTRACKED, Accepted, Answer, Place
from services.runtime.router_state import ROUTER_LOG, learnt
from streams.routing import Router

_encode = msgspec.json.Encoder().encode


class _Id(msgspec.Struct, gc=False):
    """As much of a line as tells whether its id is recognised at the door."""

    id: str
    type: str
    source: str | None = None


@dataclass(slots=True)
class Plan:
    """The rows of one commit, and for each event the span of its rows or its answer."""

    recorded_at: int
    text: str
    entries: list[Entry] = field(default_factory=list)
    records: list[tuple[Input, int]] = field(default_factory=list)
    outcomes: list[tuple[int, int] | Answer] = field(default_factory=list)
    ids: list[tuple[str, str]] = field(default_factory=list)


class Planner:
    """Used by the thread that appends."""

    def __init__(self, journal: Journal, ids_kept: int) -> None:
        self._journal = journal
        self._ids_kept = ids_kept
        self.router = Router()
        self._seen = Seen(ids_kept)
        self._stale = False

    def learn(self) -> None:
        """From the journal, at the start."""
        self.router = learnt(self._journal)
        self._learn_ids()

    def catch_up(self, size: int) -> None:
        """Before a commit of so many bytes: after a failed one looks for room, then learns the journal anew."""
        if self._stale:
            self._journal.ensure_capacity(size)
            self.router = learnt(self._journal)
            self._stale = False

    @property
    def is_current(self) -> bool:
        """Whether the router knows what is in the journal, and nothing else."""
        return not self._stale

    def _learn_ids(self) -> None:
        """The ids at the ends of all logs."""
        conferences = self._journal.conferences()
        most = self._ids_kept // (2 * max(1, len(conferences)))
        decode = msgspec.json.Decoder(_Id).decode
        for conference in conferences:
            start = max(0, self._journal.length(conference) - most)
            for row in self._journal.read(conference, start):
                head = decode(row.line)
                if not head.type.startswith("activity.posted") or by_connector(head.source):
                    self._seen.add(conference, head.id)

    def forget(self, conference: str) -> None:
        """A conference whose log is no more."""
        self.router.forget(conference, is_over=False)
        self._seen.forget_all(conference)

    def counted(self, ids: Iterable[tuple[str, str]]) -> None:
        """Ids of posts of which the fold found that they count."""
        for conference, event_id in ids:
            self._seen.add(conference, event_id)

    def plan(self, found: Iterable[Record], recorded_at: int) -> Plan:
        """Places events in their order."""
        plan = Plan(recorded_at, written(recorded_at))
        for record in found:
            start = len(plan.entries)
            outcome = self._place(plan, record.event, record.at)
            plan.outcomes.append((start, len(plan.entries)) if outcome is None else outcome)
        return plan

    def tick(self, conference: str, due: int, recorded_at: int) -> Plan:
        """A tick of a conference's log; its id is derived from what is due and where it stands."""
        end = self._journal.length(conference)
        event = ClockTicked(id=f"{TICK_PREFIX}{due}:{end}", at=written(recorded_at), conference=conference)
        return self.plan([Record(event, recorded_at, recorded_at)], recorded_at)

    def undo(self, plan: Plan) -> None:
        """The plan did not come to be."""
        self._seen.forget(plan.ids)
        self._stale = True

    def _place(self, plan: Plan, event: Input, at: int) -> Answer | None:
        """Adds the event's rows; an answer where there are none."""
        conference = event.conference
        if conference is not None:
            if self._seen.knows(conference, event.id):
                return DUPLICATE  # nothing is learnt from it, as the fold learns nothing
            self.router.learn(event)
            self._add(plan, conference, event, at)
            return None
        routed = self.router.route(event)
        if not routed:
            return self._keep_deletion(plan, event, at) if isinstance(event, ActivityDeleted) else UNTRACKED
        start = len(plan.entries)
        for log, copy in routed:
            if not self._seen.knows(log, copy.id):
                self._add(plan, log, copy, at if copy.id == event.id else millis(copy.at))
        return DUPLICATE if len(plan.entries) == start else None

    def _keep_deletion(self, plan: Plan, event: ActivityDeleted, at: int) -> Answer:
        if self._seen.knows(ROUTER_LOG, event.id):
            return DUPLICATE
        self._add(plan, ROUTER_LOG, event, at)
        return KEPT_DELETION

    def _add(self, plan: Plan, log: str, event: Input, at: int) -> None:
        force_setattr(event, "recorded_at", plan.text)
        line = _encode(event)
        plan.entries.append((log, line))
        plan.records.append((event, at))
        if counts_for_sure(event):
            self._seen.add(log, event.id)
            plan.ids.append((log, event.id))


def answers(plan: Plan, offsets: list[int]) -> list[Answer]:
    """The answers, now that the rows have their offsets."""
    entries = plan.entries
    found: list[Answer] = []
    for outcome in plan.outcomes:
        if isinstance(outcome, tuple):
            start, end = outcome
            found.append(Accepted(tuple([Place(entries[k][0], offsets[k]) for k in range(start, end)])))
        else:
            found.append(outcome)
    return found


def appended(plan: Plan, offsets: list[int]) -> list[tuple[str, Kept]]:
    """What the fold gets of it."""
    now = plan.recorded_at
    rows = zip(plan.entries, plan.records, offsets, strict=True)
    return [(log, Kept(offset, event, at, now, line)) for (log, line), (event, at), offset in rows if log != ROUTER_LOG]
