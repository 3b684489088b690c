"""Restores the router after a restart: from its snapshot, then from the ends of the logs.

Responsibility: the router's snapshot, and the log of deletions that no conference has taken (its name is one that no
conference can have).
Why: everything the router knows is in the logs, so it can always be rebuilt. The logs do not say which other logs a
deletion reached, so the router assumes that it reached none: a post that arrives after its deletion then gets the
deletion first, at worst as a duplicate.
"""

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from schemas.events import ActivityDeleted
from services.journal import Journal
from services.runtime.log_reader import read_records
from streams.routing import Router

ROUTER_LOG = "~router"


class _RouterSnapshot(Struct):
    """The router's state, and how many records of each log it covers."""

    ends: dict[str, int]
    router: msgspec.Raw


def rebuild_router(journal: Journal) -> Router:
    """Rebuilds the router from everything in the journal."""
    router, seen = _restore(journal)
    for log in journal.conferences():
        for record in read_records(journal, log, seen.get(log, 0)):
            if isinstance(record.event, ActivityDeleted):
                router.restore_deletion(replace(record.event, conference=None))
            else:
                router.learn(record.event)
    return router


def _restore(journal: Journal) -> tuple[Router, dict[str, int]]:
    snapshot = journal.latest_snapshot(ROUTER_LOG)
    if snapshot is not None:
        try:
            saved = msgspec.json.decode(snapshot.data, type=_RouterSnapshot)
            if all(end <= journal.length(log) for log, end in saved.ends.items()):
                return Router.restore(bytes(saved.router)), saved.ends
        except msgspec.MsgspecError:
            pass  # another version: rebuild it from the logs
    return Router(), {}


def save_router(journal: Journal, router: Router) -> None:
    """Saves the router; call it between two appends."""
    ends = {log: journal.length(log) for log in journal.conferences()}
    journal.save_snapshot(
        ROUTER_LOG, sum(ends.values()), msgspec.json.encode(_RouterSnapshot(ends, msgspec.Raw(router.save())))
    )
