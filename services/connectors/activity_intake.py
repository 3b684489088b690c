"""Takes in posts and their deletions that a connector brings.

Invariants: a post goes into the log of the connector's own conference and no other. Its id comes from its network, so
it counts once however often and from wherever it is read. A deletion of a post that no log has leaves no trace.
Why: posts come before deletions, so that a deletion finds a post of its own batch.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import Struct

from schemas.events import ActivityDeleted, Input
from schemas.times import format_time
from services.connectors.intake_ports import Log, Origin
from services.connectors.port import Activity, PostDeleted, PostSeen
from services.connectors.posts import posted_event
from services.directory.port import PostRef


class ActivityTaken(Struct, frozen=True):
    """What was taken in: ``counts`` by kind, and the time of the newest post in ms."""

    counts: Mapping[str, int]
    event_at: int | None = None


class ActivityIntake:
    """Used on the event loop."""

    def __init__(self, log: Log) -> None:
        self._log = log

    async def take(self, origin: Origin, items: Sequence[Activity]) -> ActivityTaken:
        """Takes in posts, then deletions. IntakeBusyError: send them again."""
        counts: Counter[str] = Counter()
        posts = [item for item in items if isinstance(item, PostSeen)]
        accepted = await self._admit(
            origin, "posts", posts, [posted_event(post, origin.conference) for post in posts], counts
        )
        deleted = [item for item in items if isinstance(item, PostDeleted)]
        if deleted:
            known = await self._log.known_posts([PostRef(item.id, item.actor, item.at) for item in deleted])
            deleted = [item for item in deleted if item.id in known]
            await self._admit(origin, "deletions", deleted, [_deleted(origin, item) for item in deleted], counts)
        return ActivityTaken(counts, max((post.at for post in accepted), default=None))

    async def _admit(
        self, origin: Origin, what: str, items: Sequence[Activity], events: Sequence[Input], counts: Counter[str]
    ) -> list[Activity]:
        results = await self._log.admit_posts(origin, events) if events else ()
        for result in results:
            counts[{"accepted": what, "duplicate": "duplicates"}.get(result, "rejected")] += 1
        return [item for item, result in zip(items, results, strict=True) if result == "accepted"]


def _deleted(origin: Origin, post: PostDeleted) -> ActivityDeleted:
    return ActivityDeleted(
        id=f"deleted {post.id}"[:512],
        at=format_time(post.at),
        actor=post.actor,
        deleted=post.id,
        conference=origin.conference,
    )
