"""The values of the port for connectors, as frozen Structs. Times are milliseconds since 1970."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field


class Scan(Struct, frozen=True):
    """A check-in, or a check-out, of a ticket. ``id``: the source's. ``group``: the list that it was scanned at.

    ``leaves``: of a check-out: the whole conference, or the place alone.
    """

    id: str
    at: int
    is_entry: bool = True
    place: str | None = None
    group: str = ""
    leaves: Literal["conference", "place"] = "conference"


class Ticket(Struct, frozen=True, kw_only=True):
    """A ticket that a connector brought, and its attendee. ``scans``: the newest ones that the log has.

    ``has_brought``: the attendee is registered because of a ticket alone, and is removed with the last one.
    ``name``, ``email``: of the holder when the ticket became theirs, in their normal forms.
    """

    connector: str
    ticket: str
    attendee: str
    has_brought: bool = False
    name: str = ""
    email: str = ""
    scans: tuple[Scan, ...] = ()


class Checkpoint(Struct, frozen=True, kw_only=True):
    """How far a connector has come. ``cursor``: the connector's own text; "" is the beginning.

    ``counts``: what it brought so far, by kind. ``seen_at``: when the source answered last; ``event_at``: the time of
    the newest event. ``history_since``: a history that is being brought; None: none is.
    """

    cursor: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    seen_at: int | None = None
    event_at: int | None = None
    history_since: int | None = None


class NewConnector(Struct, frozen=True, kw_only=True):
    """Settings of a connector. ``config``: JSON of its kind. ``source``: what it reads, the same text for the same
    source. ``organizer``: who set it up. ``secrets``: new ones by name; others stay."""

    conference: str
    id: str
    kind: str
    config: str
    source: str
    organizer: str
    secrets: Mapping[str, str]


class ConnectorRow(Struct, frozen=True, kw_only=True):
    """A connector as it is stored, without its secrets. ``generation``: increases with each change of its settings.

    ``secret_names``: which secrets it has. ``has_hook``: whether a webhook address was made.
    """

    conference: str
    id: str
    kind: str
    config: str
    source: str
    organizer: str
    secret_names: tuple[str, ...]
    has_hook: bool
    paused: bool
    generation: int
    made: int
    checkpoint: Checkpoint
