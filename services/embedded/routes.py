"""The router over a restart: what it must learn again, kept beside the logs and brought up to date from their ends.

Owns: the lessons, where each actor's posts stand, the late deletions; the log of deletions that no conference has
taken. May never: look inside ``Router``, or route otherwise.
Theory: what the router knows is in the logs, so it can always be learnt anew; this keeps the few records that teach
it. Of an attendee the lessons go with the erasure, of a conference with its closing. Deletions are given to a new
router before all else: it then holds that they have reached no log, so a post that comes after its deletion is always
preceded by it (once too often at most: a double). A deletion that went nowhere is in no log; it has one of its own,
whose name no conference can have.
"""

from collections.abc import Iterator

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from schemas.codec import Codec, Record, Reject
from schemas.events import (
    ActivityDeleted,
    ActivityPosted,
    AttendeeErased,
    CheckinArrived,
    CheckinLeft,
    ClockTicked,
    ConferenceClosed,
    Input,
    MatchAnswered,
)
from services.embedded.reading import records
from services.journal import Journal
from streams.routing import MOST_ACTORS, MOST_DELETIONS, Router

ROUTER_LOG = "~router"
# Of many records of these types no router learns; of any other it may.
_TEACH_NOTHING = (CheckinArrived, CheckinLeft, MatchAnswered, ClockTicked)
_encode = msgspec.json.Encoder().encode


class _Kept(Struct):
    ends: dict[str, int]
    lessons: list[msgspec.Raw]
    deletions: list[msgspec.Raw]
    went: dict[str, list[str]]


class Routes:
    """A router and what makes it anew. Used by the thread that appends."""

    def __init__(self) -> None:
        self.router = Router()
        self._lessons: dict[tuple[str, str], list[bytes]] = {}
        self._went: dict[str, frozenset[str]] = {}
        self._places: dict[frozenset[str], frozenset[str]] = {}  # each set of logs once
        self._deletions: dict[tuple[str, str], bytes] = {}

    def placed(self, log: str, event: Input, line: bytes) -> None:
        """Remembers a record that stands in a log."""
        kind = type(event)
        if kind is ActivityPosted:
            assert isinstance(event, ActivityPosted)
            self._went_to(event.actor, log)
        elif isinstance(event, ActivityDeleted):
            if len(self._deletions) >= MOST_DELETIONS:
                del self._deletions[next(iter(self._deletions))]
            self._deletions[event.deleted, event.actor] = line
        elif kind not in _TEACH_NOTHING:
            if kind is ConferenceClosed:
                self._lessons = {key: lines for key, lines in self._lessons.items() if key[0] != log}
            key = (log, getattr(event, "attendee", ""))
            if kind is AttendeeErased:
                self._lessons.pop(key, None)
            self._lessons.setdefault(key, []).append(line)

    def _went_to(self, actor: str, log: str) -> None:
        went = self._went.get(actor)
        if went is not None and log in went:
            return
        if len(self._went) >= MOST_ACTORS:  # the half that came first goes
            self._went = dict(list(self._went.items())[MOST_ACTORS // 2 :])
        more = frozenset((log,)) if went is None else went | {log}
        self._went[actor] = self._places.setdefault(more, more)

    def forget(self, log: str) -> None:
        """Nothing of this log is remembered, and nothing is routed to it; as long as it takes to teach all the rest."""
        self._lessons = {key: lines for key, lines in self._lessons.items() if key[0] != log}
        went = {actor: logs - {log} for actor, logs in self._went.items()}
        self._places = {places: places for places in went.values() if places}
        self._went = {actor: self._places[places] for actor, places in went.items() if places}
        codec = Codec()
        for key, line in self._deletions.items():
            record = codec.decode(line)
            if isinstance(record, Record) and record.event.conference == log:
                self._deletions[key] = _encode(replace(record.event, conference=None))
        self.teach()

    def kept(self, ends: dict[str, int]) -> bytes:
        """What teaches the router, after so many records of each log."""
        lessons = [msgspec.Raw(line) for lines in self._lessons.values() for line in lines]
        deletions = [msgspec.Raw(line) for line in self._deletions.values()]
        went = {actor: sorted(logs) for actor, logs in self._went.items()}
        return _encode(_Kept(ends, lessons, deletions, went))

    def restore(self, kept: _Kept) -> None:
        """Takes back what was kept; ``teach`` makes the router of it."""
        for actor, logs in kept.went.items():
            places = frozenset(logs)
            self._went[actor] = self._places.setdefault(places, places)
        codec = Codec()
        for raw in [*kept.lessons, *kept.deletions]:
            line = bytes(raw)
            record = codec.decode(line)
            if not isinstance(record, Reject):
                self.placed(record.event.conference or ROUTER_LOG, record.event, line)

    def teach(self) -> None:
        """Makes the router of all that is remembered."""
        router = self.router = Router()
        codec = Codec()
        for line in self._deletions.values():
            record = codec.decode(line)
            if isinstance(record, Reject):
                continue  # said where the log is read
            router.route(replace(record.event, conference=None))
        for event in self._taught(codec):
            router.learn(event)

    def _taught(self, codec: Codec) -> Iterator[Input]:
        for lines in self._lessons.values():
            for line in lines:
                record = codec.decode(line)
                if not isinstance(record, Reject):
                    yield record.event
        for actor, logs in self._went.items():
            for log in sorted(logs):
                yield ActivityPosted(id="-", at="-", actor=actor, hashtags=(), mentions=(), conference=log)


def rebuilt(journal: Journal) -> Routes:
    """The routes as they stand after all that is in the journal."""
    routes, seen = Routes(), dict[str, int]()
    snapshot = journal.latest_snapshot(ROUTER_LOG)
    if snapshot is not None:
        try:
            kept = msgspec.json.decode(snapshot.data, type=_Kept)
        except msgspec.MsgspecError:
            kept = None  # of another version: all of it can be learnt again
        if kept is not None and all(end <= journal.length(log) for log, end in kept.ends.items()):
            routes.restore(kept)
            seen = kept.ends
    for log in journal.conferences():
        for record in records(journal, log, seen.get(log, 0)):
            routes.placed(log, record.event, record.line)
    routes.teach()
    return routes


def save(journal: Journal, routes: Routes) -> None:
    """Keeps the routes as they stand between two appends."""
    ends = {log: journal.length(log) for log in journal.conferences()}
    journal.save_snapshot(ROUTER_LOG, sum(ends.values()), routes.kept(ends))
