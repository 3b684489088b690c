"""The router over a restart: kept beside the logs, and brought up to date from their ends.

Owns: the log of deletions that no conference has taken. May never: look inside ``Router``, or route otherwise.
Theory: what the router knows is in the logs, so it can always be learnt anew. Which logs a deletion has reached is not
known of one that is read at the end of a log; then the router holds that it has reached none, so a post that comes
after its deletion is always preceded by it (once too often at most: a double). A deletion that went nowhere is in no
log; it has one of its own, whose name no conference can have.
"""

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from schemas.events import ActivityDeleted
from services.journal import Journal
from services.runtime.log_reader import records
from streams.routing import Router

ROUTER_LOG = "~router"


class _Kept(Struct):
    """What a router knows after so many records of each log."""

    ends: dict[str, int]
    router: msgspec.Raw


def learnt(journal: Journal) -> Router:
    """The router as it stands after all that is in the journal."""
    router, seen = _restored(journal)
    for log in journal.conferences():
        for record in records(journal, log, seen.get(log, 0)):
            if isinstance(record.event, ActivityDeleted):
                router.restore_deletion(replace(record.event, conference=None))
            else:
                router.learn(record.event)
    return router


def _restored(journal: Journal) -> tuple[Router, dict[str, int]]:
    snapshot = journal.latest_snapshot(ROUTER_LOG)
    if snapshot is not None:
        try:
            kept = msgspec.json.decode(snapshot.data, type=_Kept)
            if all(end <= journal.length(log) for log, end in kept.ends.items()):
                return Router.restore(bytes(kept.router)), kept.ends
        except msgspec.MsgspecError:
            pass  # of another version: all of it can be learnt again
    return Router(), {}


def save(journal: Journal, router: Router) -> None:
    """Keeps the router as it stands between two appends."""
    ends = {log: journal.length(log) for log in journal.conferences()}
    journal.save_snapshot(ROUTER_LOG, sum(ends.values()), msgspec.json.encode(_Kept(ends, msgspec.Raw(router.save()))))
