"""The ids of erased attendees, as keyed digests, so that they are not used again.

Responsibility: the table gone.
Invariants: no id can be read from it. Entries are stored as long as the conference lasts, and then for as long as
evidence counts.
"""

from collections.abc import Callable, Collection

from services.directory.port import day
from services.directory.server_secret import Secret
from services.directory.sqlite.database import Database


class ErasedIds:
    """The erased ids of all conferences."""

    def __init__(self, base: Database, secret: Secret, clock: Callable[[], int]) -> None:
        self._base, self._secret, self._clock = base, secret, clock

    def has(self, conference: str, attendee: str) -> bool:
        """Whether this id was erased in this conference."""
        digest = self._digest(conference, attendee)
        return bool(self._base.read("SELECT 1 FROM gone WHERE digest = ?", (digest,)))

    def add(self, conference: str, attendee: str) -> None:
        """Remembers an erased id."""
        values = (self._digest(conference, attendee), day(self._clock()), self._digest(conference, ""))
        self._base.run("INSERT OR IGNORE INTO gone (digest, day, conference) VALUES (?, ?, ?)", values)

    def expire(self, before_day: int, ongoing: Collection[str]) -> None:
        """Deletes ids from before that day. For ongoing conferences the days count from now."""
        rows = [(day(self._clock()), self._digest(conference, "")) for conference in ongoing]
        self._base.run_all("UPDATE gone SET day = ? WHERE conference = ?", rows)
        self._base.run("DELETE FROM gone WHERE day < ?", (before_day,))

    def _digest(self, conference: str, attendee: str) -> bytes:
        return self._secret.digest("gone", f"{conference}/{attendee}", 16)
