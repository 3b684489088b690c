"""Turns one server's statuses, from its stream and its timelines, into what a connector brings.

Invariants: each status is brought once, and once more where it was edited. A deletion names the server's own id alone,
so it counts only for a status that is remembered.
"""

from collections.abc import Callable, Sequence
from hashlib import blake2b

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from services.connectors.mastodon.memory import Known, Memory
from services.connectors.mastodon.statuses import (
    Status,
    UnreadableStatusError,
    View,
    created_at,
    is_boost,
    post_of,
    read_status,
)
from services.connectors.mastodon.stream import Deleted, Part
from services.connectors.port import Item, PostDeleted, PostSeen, Unreadable
from services.connectors.posts import LATE_MS

_REMEMBERED = 10_000


class Rows(Struct, frozen=True):
    """The statuses of a page, and what could not be read. ``boosted``: the ids of those that stand there because
    somebody boosted them."""

    statuses: list[Status]
    boosted: frozenset[str] = frozenset()
    unreadable: tuple[Unreadable, ...] = ()

    def has(self, status: str) -> bool:
        """Whether a status with this id is among them."""
        return any(each.id == status for each in self.statuses)


class Reading(Struct, frozen=True):
    """What was read of a page. ``newest``, ``oldest``: the ids of its first and last status; "" where it has none.
    ``oldest_at``: when that was written, in ms. ``fresh``: the ids of posts that were not known."""

    newest: str
    oldest: str
    oldest_at: int
    fresh: tuple[str, ...]
    items: tuple[Item, ...]


class StatusReader:
    """Of one server. ``unreadable``: digests of what could not be read. ``clock``: ms since 1970."""

    def __init__(self, unreadable: set[bytes], clock: Callable[[], int]) -> None:
        self._memory, self._unreadable, self._clock = Memory(), unreadable, clock
        self.view = View("", "", is_believed=False)

    def read_part(self, part: Part, tags: frozenset[str]) -> tuple[Item, ...]:
        """What the stream brought."""
        items, now = list[Item](), self._clock()
        for frame in part.frames:
            if isinstance(frame, Deleted):
                item: Item | None = self._deleted(frame, now)
            else:
                known = self._memory.get(frame.id)
                is_known = known is not None and known.edited_at == frame.edited_at
                item = None if is_known else self._seen(frame, tags, now - LATE_MS)
            items += [item] if item is not None else []
        return (*items, *_unreadable("frame", part.unreadable))

    def decode(self, page: Sequence[msgspec.Raw]) -> Rows:
        """The statuses of a page. All that are none become one dead letter, the first time that they are read. A boost
        is no post, but some servers show it in the place of the post, so what was boosted is read."""
        statuses, boosted, reasons = list[Status](), set[str](), list[str]()
        for raw in page:
            try:
                status = read_status(bytes(raw))
                if is_boost(status):
                    boosted.add(status.id)
                    status = replace(read_status(status.reblog), id=status.id)
                statuses.append(status)
            except UnreadableStatusError as error:
                reasons += [str(error)] if self._is_new(blake2b(raw, digest_size=16).digest()) else []
        return Rows(statuses, frozenset(boosted), _unreadable("status", reasons))

    def _is_new(self, digest: bytes) -> bool:
        if digest in self._unreadable:
            return False
        if len(self._unreadable) >= _REMEMBERED:
            self._unreadable.clear()
        self._unreadable.add(digest)
        return True

    def read_page(self, page: Rows, tags: frozenset[str], earliest: int, newer_than: str | None = None) -> Reading:
        """What a page brings, oldest first. ``newer_than``: the position behind which everything is new; None: all is.
        What is older, or on a page without that position, comes late: it counts if it was written since ``earliest``,
        in ms."""
        statuses, items = page.statuses, list[Item](page.unreadable)
        ids = [status.id for status in statuses]
        sure = len(ids) if newer_than is None else ids.index(newer_than) if newer_than in ids else 0
        fresh = list[str]()
        for place in reversed(range(len(statuses))):
            status = statuses[place]
            known = self._memory.get(status.id)
            if known is not None and known.edited_at == status.edited_at:
                continue  # nothing new about it
            if (place >= sure or status.id in page.boosted) and (created_at(status) or 0) < earliest:
                self._memory.add(status.id, Known(edited_at=status.edited_at))
                continue
            item = self._seen(status, tags, earliest)
            items += [item] if item is not None else []
            fresh += [status.id] if item is not None and known is None else []
        oldest_at = created_at(statuses[-1]) or 0 if statuses else 0
        newest, oldest = (ids[0], ids[-1]) if ids else ("", "")
        return Reading(newest, oldest, oldest_at, tuple(fresh), tuple(items))

    def _seen(self, status: Status, tags: frozenset[str], earliest: int) -> PostSeen | None:
        post = post_of(status, self.view, earliest, self._clock(), self._memory.actor_of)
        if post is not None and tags.isdisjoint(post.hashtags):
            post = None
        name, actor = ("", "") if post is None else (post.id, post.actor)
        self._memory.add(status.id, Known(name, actor, status.edited_at))
        return post

    def _deleted(self, deleted: Deleted, now: int) -> PostDeleted | None:
        known = self._memory.pop(deleted.id)
        return PostDeleted(known.post, known.actor, now) if known is not None and known.post else None


def _unreadable(what: str, reasons: Sequence[str]) -> tuple[Unreadable, ...]:
    """One dead letter for all, without their bytes: they may have somebody's text."""
    if not reasons:
        return ()
    return (Unreadable(what, b"", f"{reasons[-1]} Such at once: {len(reasons)}."),)
