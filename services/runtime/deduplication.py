"""The ids that were taken lately, to answer "duplicate" at the door.

Owns: a window of ids. May never: be what doubles are recognised by; the fold does that, so an id that is forgotten
here costs a row in the log and nothing else.
Theory: two generations; when the younger is full, the older is forgotten. An id is put in only where it is sure that
its record counts: a post that does not count leaves no trace, and the same id may come again from somebody whose post
does.
"""

from collections.abc import Iterable

from schemas.events import ActivityPosted, Input


def counts_for_sure(event: Input) -> bool:
    """Whether the event counts whatever the fold knows: a post of an organizer or an attendee may not."""
    return type(event) is not ActivityPosted or by_connector(event.source)


def by_connector(source: str | None) -> bool:
    """Whether a post from there counts whoever its author is."""
    return source is None or source.startswith("connector:")


class Seen:
    """Bounded by ``most`` ids of all conferences together. Used by one thread."""

    def __init__(self, most: int) -> None:
        self._half = max(1, most // 2)
        self._young: dict[str, set[str]] = {}
        self._old: dict[str, set[str]] = {}
        self._count = 0

    def knows(self, conference: str, event_id: str) -> bool:
        """Whether the id is in the window."""
        young, old = self._young.get(conference), self._old.get(conference)
        return (young is not None and event_id in young) or (old is not None and event_id in old)

    def add(self, conference: str, event_id: str) -> None:
        """Puts an id in."""
        if self._count >= self._half:
            self._old, self._young, self._count = self._young, {}, 0
        ids = self._young.get(conference)
        if ids is None:
            ids = self._young[conference] = set()
        ids.add(event_id)
        self._count += 1

    def forget_all(self, conference: str) -> None:
        """Takes all ids of a conference out: it is no more."""
        for generation in (self._young, self._old):
            generation.pop(conference, None)

    def forget(self, added: Iterable[tuple[str, str]]) -> None:
        """Takes ids out again: they did not come into the log after all."""
        for conference, event_id in added:
            for generation in (self._young, self._old):
                generation.get(conference, set()).discard(event_id)
