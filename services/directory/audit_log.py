"""An entry of the audit log as the API and the command line show it."""

from msgspec import Struct

from schemas.times import format_time
from services.directory.port import Action, AuditEntry


class AuditShown(Struct, frozen=True):
    """Who did what, and when. ``key``: the public id of the key or session. ``letter``: the dead letter's number.

    ``action``: ``letter.shown``: in full; ``letter.tried``: resent as a dry run; ``letter.sent``: resent."""

    number: int
    at: str
    role: str
    id: str
    key: str
    action: Action
    letter: int


def shown(entry: AuditEntry) -> AuditShown:
    """The entry as it is shown."""
    return AuditShown(
        number=entry.number,
        at=format_time(entry.at),
        role=entry.role,
        id=entry.subject,
        key=entry.key,
        action=entry.action,
        letter=entry.what,
    )
