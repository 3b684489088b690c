"""What is remembered of one server's statuses: enough to know them again, and whose a deleted one was.

Invariants: it is bounded, in memory alone, and has no text. What it has forgotten is only read once more, or its
deletion not understood.
"""

from msgspec import Struct

MOST_POSTS = 20_000  # about 6 MB a server


class Known(Struct, frozen=True, gc=False):
    """A status. ``post``: its id everywhere; "" where it does not count. ``edited_at``: as the server has it."""

    post: str = ""
    actor: str = ""
    edited_at: str | None = None


class Memory:
    """By the server's own ids."""

    def __init__(self) -> None:
        self._known: dict[str, Known] = {}

    def get(self, status: str) -> Known | None:
        """What is known of a status."""
        return self._known.get(status)

    def actor_of(self, status: str) -> str | None:
        """Who wrote a status."""
        known = self._known.get(status)
        return known.actor or None if known is not None else None

    def add(self, status: str, known: Known) -> None:
        """Remembers a status, and forgets the one that was remembered first if there are too many."""
        self._known.pop(status, None)
        self._known[status] = known
        if len(self._known) > MOST_POSTS:
            del self._known[next(iter(self._known))]

    def pop(self, status: str) -> Known | None:
        """What is known of a status, which is forgotten."""
        return self._known.pop(status, None)
