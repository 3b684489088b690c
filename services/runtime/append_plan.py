"""Plans one commit: routes events to logs, drops duplicates, stamps and encodes what is left.

Responsibility: the router and the recent ids, both as of the last commit. It never writes.
Why: the router learns from events, so the thread that appends also routes, in log order. If an append fails, what the
router learnt from it is wrong: ``undo`` forgets the ids, and the next commit rebuilds the router from the journal.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec
from msgspec.structs import replace

from schemas.codec import Record
from schemas.events import ActivityDeleted, Input
from schemas.times import format_time, millis
from services.journal import Entry, Journal
from services.runtime.deduplication import RecentIds, is_from_connector, is_sure_to_count
from services.runtime.log_reader import LogRecord
from services.runtime.results import DUPLICATE, STORED_DELETION, UNTRACKED, Accepted, Answer, Place
from services.runtime.router_state import ROUTER_LOG, rebuild_router
from streams.routing import Router
from streams.runtime.ticks import make_tick

_encode = msgspec.json.Encoder().encode


class _EventHead(msgspec.Struct, gc=False):
    """The fields of a line that decide whether its id goes into the recent ids."""

    id: str
    type: str
    source: str | None = None


@dataclass(slots=True)
class Plan:
    """The rows of one commit; per event, the range [start, end) of its rows, or its answer if it has none."""

    recorded_at: int
    text: str
    entries: list[Entry] = field(default_factory=list)
    records: list[tuple[Input, int]] = field(default_factory=list)
    outcomes: list[tuple[int, int] | Answer] = field(default_factory=list)
    ids: list[tuple[str, str]] = field(default_factory=list)


class Planner:
    """Not thread-safe: only the thread that appends may use it."""

    def __init__(self, journal: Journal, remembered_ids: int) -> None:
        self._journal = journal
        self._remembered_ids = remembered_ids
        self.router = Router()
        self._recent_ids = RecentIds(remembered_ids)
        self._stale = False

    def learn(self) -> None:
        """Loads the router and the recent ids from the journal, at startup."""
        self.router = rebuild_router(self._journal)
        self._learn_ids()

    def catch_up(self, size: int) -> None:
        """Call before a commit of ``size`` bytes. After a failed commit it checks for free space and rebuilds the
        router.

        JournalFullError.
        """
        if self._stale:
            self._journal.ensure_capacity(size)
            self.router = rebuild_router(self._journal)
            self._stale = False

    @property
    def is_current(self) -> bool:
        """Whether the router matches the journal exactly."""
        return not self._stale

    def _learn_ids(self) -> None:
        """Loads the newest ids of every log."""
        conferences = self._journal.conferences()
        most = self._remembered_ids // (2 * max(1, len(conferences)))
        decode = msgspec.json.Decoder(_EventHead).decode
        for conference in conferences:
            start = max(0, self._journal.length(conference) - most)
            for row in self._journal.read(conference, start):
                head = decode(row.line)
                if not head.type.startswith("activity.posted") or is_from_connector(head.source):
                    self._recent_ids.add(conference, head.id)

    def forget(self, conference: str) -> None:
        """Drops what is known of a conference whose log was removed."""
        self.router.forget(conference, is_over=False)
        self._recent_ids.forget_conference(conference)

    def add_counted(self, ids: Iterable[tuple[str, str]]) -> None:
        """Adds ids of posts that the fold has counted."""
        for conference, event_id in ids:
            self._recent_ids.add(conference, event_id)

    def plan(self, found: Iterable[Record], recorded_at: int) -> Plan:
        """Routes events, in their order, to the rows of their logs."""
        plan = Plan(recorded_at, format_time(recorded_at))
        for record in found:
            start = len(plan.entries)
            outcome = self._place(plan, record.event, record.at)
            plan.outcomes.append((start, len(plan.entries)) if outcome is None else outcome)
        return plan

    def tick(self, conference: str, due: int, recorded_at: int) -> Plan:
        """Plans a tick of a conference's log; its id is derived from the due time and its offset."""
        end = self._journal.length(conference)
        return self.plan([Record(make_tick(conference, due, end, recorded_at), recorded_at, recorded_at)], recorded_at)

    def undo(self, plan: Plan) -> None:
        """Reverts what was learnt from a plan that was not committed."""
        self._recent_ids.forget(plan.ids)
        self._stale = True

    def _place(self, plan: Plan, event: Input, at: int) -> Answer | None:
        """Adds the event's rows; returns its answer if it has none."""
        conference = event.conference
        if conference is not None:
            if self._recent_ids.contains(conference, event.id):
                return DUPLICATE  # the fold ignores it too, so the router must not learn from it
            self.router.learn(event)
            self._add(plan, conference, event, at)
            return None
        routed = self.router.route(event)
        if not routed:
            return self._store_deletion(plan, event, at) if isinstance(event, ActivityDeleted) else UNTRACKED
        start = len(plan.entries)
        for log, copy in routed:
            if not self._recent_ids.contains(log, copy.id):
                self._add(plan, log, copy, at if copy.id == event.id else millis(copy.at))
        return DUPLICATE if len(plan.entries) == start else None

    def _store_deletion(self, plan: Plan, event: ActivityDeleted, at: int) -> Answer:
        if self._recent_ids.contains(ROUTER_LOG, event.id):
            return DUPLICATE
        self._add(plan, ROUTER_LOG, event, at)
        return STORED_DELETION

    def _add(self, plan: Plan, log: str, event: Input, at: int) -> None:
        event = replace(event, recorded_at=plan.text)
        line = _encode(event)
        plan.entries.append((log, line))
        plan.records.append((event, at))
        if is_sure_to_count(event):
            self._recent_ids.add(log, event.id)
            plan.ids.append((log, event.id))


def build_answers(plan: Plan, offsets: list[int]) -> list[Answer]:
    """The answers of a plan, once its rows have offsets."""
    entries = plan.entries
    found: list[Answer] = []
    for outcome in plan.outcomes:
        if isinstance(outcome, tuple):
            start, end = outcome
            found.append(Accepted(tuple([Place(entries[k][0], offsets[k]) for k in range(start, end)])))
        else:
            found.append(outcome)
    return found


def build_log_records(plan: Plan, offsets: list[int]) -> list[tuple[str, LogRecord]]:
    """The records that the fold receives."""
    now = plan.recorded_at
    rows = zip(plan.entries, plan.records, offsets, strict=True)
    return [
        (log, LogRecord(offset, event, at, now, line)) for (log, line), (event, at), offset in rows if log != ROUTER_LOG
    ]
