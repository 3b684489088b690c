"""The audit log: who looked at masked content, and when.

Responsibility: the table audit, in a file of its own.

Invariants:
- An entry is on the disk before the content is shown.
- An entry has a key or session, its holder, an action, and the number of the object: nothing about an attendee.
- Nobody can push out entries: they are deleted by age alone. A holder who has reached the daily maximum of entries can
  write no more, and is therefore shown nothing more.
"""

from collections.abc import Callable

from schemas.times import DAY_MS
from services.directory.port import AUDIT_DAYS, MOST_A_DAY, PAGE_ENTRIES, Action, AuditEntry, AuditFullError, Grant
from services.directory.sqlite.database import Database

_FIELDS = "number, at, role, subject, holder, action, what"


class SqliteAuditLog:
    """Audit entries, oldest first."""

    def __init__(self, base: Database, clock: Callable[[], int]) -> None:
        self._base, self._clock = base, clock

    def write(self, grant: Grant, action: Action, what: int) -> None:
        """Writes an entry, durable on return. AuditFullError; DirectoryError: nothing was written."""
        now = self._clock()
        with self._base.write():
            sql = "SELECT count(*) FROM audit WHERE role = ? AND subject = ? AND at > ?"
            if self._base.read(sql, (grant.role, grant.subject, now - DAY_MS))[0][0] >= MOST_A_DAY:
                raise AuditFullError
            sql = "INSERT INTO audit (at, role, subject, holder, action, what) VALUES (?, ?, ?, ?, ?, ?)"
            self._base.run(sql, (now, grant.role, grant.subject, grant.id, action, what))

    def entries(self, after: int = 0, most: int = PAGE_ENTRIES) -> list[AuditEntry]:
        """A page of entries, sorted by number."""
        sql = f"SELECT {_FIELDS} FROM audit WHERE number > ? ORDER BY number LIMIT ?"  # noqa: S608 - constant
        return [AuditEntry(*row) for row in self._base.read(sql, (after, most))]

    def expire(self) -> None:
        """Deletes expired entries."""
        self._base.run("DELETE FROM audit WHERE at < ?", (self._clock() - AUDIT_DAYS * DAY_MS,))
