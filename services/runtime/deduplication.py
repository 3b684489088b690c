"""A window of recent ids, to answer "duplicate" before an event reaches the log.

Invariants: the fold decides what is a duplicate. An id that this window has forgotten costs one more row in the log,
and nothing else.
Why: two generations; when the newer one is full, the older one is dropped. An id is added only if its record is sure to
count: a post that does not count leaves no trace, and the same id may come again in a post that does.
"""

from collections.abc import Iterable

from schemas.events import ActivityPosted, Input


def is_sure_to_count(event: Input) -> bool:
    """Whether the fold will count the event in any state. A post sent by an organizer or attendee may not count."""
    return type(event) is not ActivityPosted or is_from_connector(event.source)


def is_from_connector(source: str | None) -> bool:
    """Whether a connector sent it: its posts count for any author."""
    return source is None or source.startswith("connector:")


class RecentIds:
    """At most ``most`` ids, of all conferences together. Not thread-safe."""

    def __init__(self, most: int) -> None:
        self._half = max(1, most // 2)
        self._young: dict[str, set[str]] = {}
        self._old: dict[str, set[str]] = {}
        self._count = 0

    def contains(self, conference: str, event_id: str) -> bool:
        """Whether the id is in the window."""
        young, old = self._young.get(conference), self._old.get(conference)
        return (young is not None and event_id in young) or (old is not None and event_id in old)

    def add(self, conference: str, event_id: str) -> None:
        """Adds an id."""
        if self._count >= self._half:
            self._old, self._young, self._count = self._young, {}, 0
        ids = self._young.get(conference)
        if ids is None:
            ids = self._young[conference] = set()
        ids.add(event_id)
        self._count += 1

    def forget_conference(self, conference: str) -> None:
        """Removes all ids of a conference that was removed."""
        for generation in (self._young, self._old):
            generation.pop(conference, None)

    def forget(self, added: Iterable[tuple[str, str]]) -> None:
        """Removes ids whose events were not appended after all."""
        for conference, event_id in added:
            for generation in (self._young, self._old):
                generation.get(conference, set()).discard(event_id)
