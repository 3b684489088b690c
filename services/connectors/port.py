"""The port of a connector: what it brings, what it is given, and how it fails.

Invariants: a connector only reads its source. It stores nothing and knows no attendee: it names tickets, and the intake
knows whose they are. Every batch carries the cursor from which reading continues after it, so a cursor is never ahead
of what was admitted. Ids come from the source, so that reading the same again brings nothing twice.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from msgspec import Struct

from services.connectors.source_client import SourceClient
from services.directory.port import Scan


class SourceUnavailableError(Exception):
    """The source cannot be read now; reading is retried. Its text is a sentence for an organizer.

    ``retry_s``: how long the source asks to wait; None: as the back-off says.
    """

    def __init__(self, text: str, retry_s: float | None = None) -> None:
        super().__init__(text)
        self.retry_s = retry_s


class NeedsAttentionError(Exception):
    """A person has to change something, such as a token. Its text says what; reading is retried, but rarely."""


# -- what a connector brings ------------------------------------------------------------------------------------------


class TicketValid(Struct, frozen=True):
    """A ticket that is valid, and its holder as the shop has them now: new, corrected, or passed on."""

    ticket: str
    name: str
    email: str


class TicketCancelled(Struct, frozen=True):
    """A ticket that is not valid any more."""

    ticket: str


class TicketScanned(Struct, frozen=True):
    """A check-in or check-out of a ticket."""

    ticket: str
    scan: Scan


class ScanUndone(Struct, frozen=True):
    """A scan of a ticket that the source has taken back. ``scan``: its id."""

    ticket: str
    scan: str


class ScansNow(Struct, frozen=True):
    """All scans of a ticket that count at one list now. Those brought before that are not among them were undone."""

    ticket: str
    group: str
    scans: tuple[Scan, ...]


class Unreadable(Struct, frozen=True):
    """Something of the source that cannot be understood; it becomes a dead letter, and reading goes on."""

    what: str
    data: bytes
    reason: str


Item = TicketValid | TicketCancelled | TicketScanned | ScanUndone | ScansNow | Unreadable
MOST_ITEMS = 200  # of a batch: what is read again after a kill, and held in memory


class Batch(Struct, frozen=True, kw_only=True):
    """Some items, and the cursor after them.

    ``hints``: of webhooks, read with this batch. ``newest_at``: where more is waiting, the time of the newest item.
    ``is_caught_up``: nothing more was waiting. ``done``, ``total``: of a history, in items.
    """

    items: tuple[Item, ...] = ()
    cursor: str
    hints: tuple[str, ...] = ()
    newest_at: int | None = None
    is_caught_up: bool = False
    done: int = 0
    total: int = 0

    def __post_init__(self) -> None:
        assert len(self.items) <= MOST_ITEMS, "a batch is bounded"


# -- trying it out ----------------------------------------------------------------------------------------------------


class Check(Struct, frozen=True):
    """One thing that was tried. ``text``: what was found, or what to do."""

    text: str
    is_good: bool


class Choice(Struct, frozen=True):
    """Something of the source that an organizer can choose, such as a check-in list."""

    id: str
    name: str


class TestReport(Struct, frozen=True):
    """What a test of the connection found. ``choices`` by the name of the setting that they are for."""

    __test__ = False  # no test of ours, whatever pytest thinks

    checks: tuple[Check, ...]
    choices: Mapping[str, tuple[Choice, ...]] = {}

    @property
    def is_good(self) -> bool:
        """Whether everything that was tried works."""
        return all(check.is_good for check in self.checks)


# -- the connector itself ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """What a run gives to its connector.

    ``known``: the tickets among these that are known. ``hints``: what webhooks pointed at. ``wait``: until a webhook
    comes, or for so many seconds. ``unreadable``: digests of what could not be read, kept from attempt to attempt.
    """

    client: SourceClient
    clock: Callable[[], int]
    known: Callable[[Collection[str]], Awaitable[Collection[str]]]
    hints: Callable[[], Awaitable[Collection[str]]]
    wait: Callable[[float], Awaitable[None]]
    unreadable: set[bytes] = field(default_factory=set)


class Connector(Protocol):
    """One source of one conference. SourceUnavailableError and NeedsAttentionError end an iterator; it is made anew."""

    def events(self, cursor: str) -> AsyncGenerator[Batch, None]:
        """Everything from the cursor on, for ever. ``cursor``: of an earlier batch; "": from the beginning."""

    def history(self, since: int) -> AsyncGenerator[Batch, None]:
        """What there was since a time, in ms since 1970. It ends. Its batches' cursors mean nothing."""

    async def test(self) -> TestReport:
        """Whether it can read what it has to. It raises nothing for what the source does."""


class ConnectorKind(Protocol):
    """A kind of connector, as the registry lists it."""

    @property
    def name(self) -> str:
        """Its name in the API, such as ``pretix``."""

    @property
    def config(self) -> type[Struct]:
        """Its settings: a Struct whose tag ``kind`` is the name."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """The names of its secrets, all of which are needed."""

    def source_of(self, config: Any) -> str:
        """What it reads. Settings with another source need their secrets again. ValueError with a sentence for a
        person where that is no address."""

    def fault_in(self, config: Any) -> str | None:
        """Why it cannot run with these settings, in a sentence for a person; None where it can."""

    def hint_of(self, config: Any, payload: bytes) -> str | None:
        """What a webhook's body points at; None where that is nothing of this connector's."""

    def open(self, config: Any, secrets: Mapping[str, str], context: Context) -> Connector:
        """The connector. Nothing is connected yet."""
