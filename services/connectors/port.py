"""The port of a connector: what it brings, what it is given, and how it fails.

Invariants: a connector only reads its source. It stores nothing and knows no attendee: it names tickets and accounts,
and others know whose they are. No text of a post leaves a connector. Every batch carries the cursor from which reading
continues after it, so a cursor is never ahead of what was admitted. Ids come from the source, so that reading the same
again brings nothing twice.
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


class PostSeen(Struct, frozen=True, gc=False):
    """A post that matters to the conference. ``id``: ``network:native-id``, the same wherever the post is read.

    Accounts and hashtags are in the contract's normal form. ``at``: ms since 1970.
    """

    id: str
    actor: str
    at: int
    hashtags: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    reply_to: str | None = None


class PostDeleted(Struct, frozen=True, gc=False):
    """A post was deleted by its author; counts where the log has the post. ``at``: ms since 1970."""

    id: str
    actor: str
    at: int


TicketItem = TicketValid | TicketCancelled | TicketScanned | ScanUndone | ScansNow
Activity = PostSeen | PostDeleted
Item = TicketItem | Activity | Unreadable
MOST_ITEMS = 200  # of a batch: what is read again after a kill, and held in memory


class Batch(Struct, frozen=True, kw_only=True):
    """Some items, and the cursor after them.

    ``hints``: of webhooks, read with this batch. ``newest_at``: where more is waiting, the time of the newest item.
    ``is_caught_up``: nothing more was waiting. ``done``, ``total``: of a history, in items. ``note``: something that a
    person should know although reading goes on, such as a gap; a sentence.
    """

    items: tuple[Item, ...] = ()
    cursor: str
    hints: tuple[str, ...] = ()
    newest_at: int | None = None
    is_caught_up: bool = False
    done: int = 0
    total: int = 0
    note: str = ""

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


class Audience(Struct, frozen=True):
    """Whose posts matter to a conference. ``hashtags``: those that it tracks. ``accounts``: those that attendees who
    consent to matching have proved. Both in the contract's normal form. ``mark``: the same text for the same accounts,
    from which nobody but this server can tell whose they are; a connector may store it."""

    hashtags: frozenset[str] = frozenset()
    accounts: frozenset[str] = frozenset()
    mark: str = ""


async def no_audience() -> Audience:
    """Of a connector that is only tried out."""
    return Audience()


@dataclass(frozen=True, kw_only=True, slots=True)
class Context:
    """What a run gives to its connector.

    ``known``: the tickets among these that are known. ``hints``: what webhooks pointed at. ``wait``: until a webhook
    comes, or for so many seconds. ``audience``: as it is now. ``unreadable``: digests of what could not be read, kept
    from attempt to attempt.
    """

    client: SourceClient
    clock: Callable[[], int]
    known: Callable[[Collection[str]], Awaitable[Collection[str]]]
    hints: Callable[[], Awaitable[Collection[str]]]
    wait: Callable[[float], Awaitable[None]]
    audience: Callable[[], Awaitable[Audience]] = no_audience
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

    def secret_names(self, config: Any) -> tuple[str, ...]:
        """The names of the secrets that these settings need, all of them."""

    def source_of(self, config: Any) -> str:
        """What it reads. Settings with another source need their secrets again. ValueError with a sentence for a
        person where that is no address."""

    def fault_in(self, config: Any) -> str | None:
        """Why it cannot run with these settings, in a sentence for a person; None where it can."""

    def hint_of(self, config: Any, payload: bytes) -> str | None:
        """What a webhook's body points at; None where that is nothing of this connector's."""

    def open(self, config: Any, secrets: Mapping[str, str], context: Context) -> Connector:
        """The connector. Nothing is connected yet."""
