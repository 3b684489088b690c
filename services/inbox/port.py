"""The port of the serving store: what attendees' pages and the organizer's numbers are read from.

Owns: the verbs, their results, their errors and their bounds. May never: hold what the log does not; anything here can
be thrown away and made again from the recorded outputs (``rebuild``).
Theory: an output enters the inbox of each attendee in its ``to`` under its position, together with the conference's
*mark*, the position up to which everything is delivered. So repeats and zombies change nothing, delivery goes on after
a crash at the mark, and ``Last-Event-ID`` outlives the store. What is kept is the attendee's own view (``view``), never
the output: what must not leave the server never gets as far as Redis.
"""

from collections.abc import AsyncGenerator, AsyncIterable, Collection, Iterable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from schemas.outputs import AnyOutput
from services.inbox.view import Card, Totals

INBOX_ENTRIES = 500  # 10 suggestions a day, 3 entries each, over a week, twice; 330 KB at the worst
ENTRY_BYTES, CARD_BYTES = 660, 620  # measured: an entry of an inbox; a card, and who it is about
LARGE_BYTES = 16 << 30
LEAST_ENTRIES = 20  # of an inbox, whatever its share is: what a phone missed in an hour
PAGE_ENTRIES = 100  # read at once; what is more comes with the next page
BATCH_OUTPUTS = 200  # delivered by one script, which holds Redis for about 5 ms
BEAT_S = 15.0  # proxies cut a silent stream after 30 s; also the longest that a lost hint can delay an entry


class Share(Struct, frozen=True):
    """How much of the store one conference may take. ``keep``: entries of one inbox, at most; ``least``: at least.

    ``entries``: of all its inboxes together. ``cards``: put into them, ever; further ones are not shown.
    """

    keep: int = INBOX_ENTRIES
    entries: int = 150_000
    least: int = LEAST_ENTRIES
    cards: int = 400_000

    def kept(self, people: int) -> int:
        """Entries of each inbox, where so many have one: fewer where they are many, and never none."""
        return min(self.keep, max(self.least, self.entries // max(1, people)))


def share_of(memory_bytes: int) -> Share:
    """Of a store with so much memory: not half of it for cards, a fifth for entries; the rest is for the others.

    A store that says no bound (0) is the operator's own matter, and taken for a large one."""
    memory_bytes = memory_bytes or LARGE_BYTES
    entries = memory_bytes // 5 // ENTRY_BYTES
    return Share(entries=entries, cards=memory_bytes * 45 // 100 // CARD_BYTES)


class Entry(Struct, frozen=True, gc=False):
    """One entry of an inbox: its position (the ``id:`` of a server-sent event) and the view, one JSON object.

    For the server alone: the view's kind, its card, whom that is about (None: nobody to be named), and whether the card
    is ``new`` in this inbox with this very entry, as far as that is known.
    """

    position: str
    view: bytes
    kind: str
    card: str
    other: str | None
    new: bool = False


class Page(Struct, frozen=True):
    """Entries, and up to where everything was delivered when they were read."""

    entries: tuple[Entry, ...]
    mark: str


class Current(Struct, frozen=True):
    """The cards as they are now, by position; following goes on after ``position`` without gap or double."""

    position: str
    cards: tuple[Card, ...]


class InboxUnavailableError(Exception):
    """The store is away, too slow, or being rebuilt. It goes on by itself: try again later; the gateway says 503."""


class InboxFullError(InboxUnavailableError):
    """The store is at its memory bound and takes nothing; reading and erasing still work."""


class InboxLostError(Exception):
    """The store lost what it had. ``delivered``: deliver again what comes after it; None: rebuild."""

    def __init__(self, conference: str, delivered: str | None) -> None:
        again = "Rebuild it from the log." if delivered is None else f"Deliver again what comes after {delivered!r}."
        super().__init__(f"The inboxes of {conference} are not what was delivered. {again}")
        self.delivered = delivered


class InboxForeignError(Exception):
    """The store holds this conference out of another log; only a rebuild on command takes it over."""


class ResumeLostError(Exception):
    """What came after this position is no longer kept: take ``current`` and follow from its position."""


class Inboxes(Protocol):
    """All take and give ids as in the contract. All but ``follow`` raise InboxUnavailableError in a bounded time."""

    async def deliver(self, conference: str, outputs: Sequence[AnyOutput]) -> str:
        """Puts outputs, ascending, into the inboxes of their ``to``; returns the mark. Repeats change nothing.

        A conference that has had its share of cards gets no further ones; those that it has go on.
        Begin after ``delivered``. InboxLostError when the store has less than it once confirmed to this process.
        """

    async def delivered(self, conference: str) -> str | None:
        """The mark; START: nothing yet. None: empty, half built, or of an older form: rebuild. InboxForeignError."""

    async def read(
        self, conference: str, attendee: str, after: str = "", limit: int = PAGE_ENTRIES
    ) -> tuple[Entry, ...]:
        """The next entries after a position. ResumeLostError; ValueError for what is no position."""

    async def wait(
        self, conference: str, attendee: str, after: str = "", within_s: float = BEAT_S, limit: int = PAGE_ENTRIES
    ) -> tuple[Entry, ...]:
        """As ``read``, but waits for the first entry; empty when none came in time. May be cancelled at any moment."""

    def follow(
        self, conference: str, attendee: str, after: str = "", beat_s: float = BEAT_S
    ) -> AsyncGenerator[tuple[Entry, ...], None]:
        """Entries after a position as they come, without end; an empty tuple is a beat (nothing came, or store away).

        Lives through any absence of the store. ResumeLostError ends it. Close it (``aclosing``) when the client goes.
        """

    async def current(self, conference: str, attendee: str) -> Current:
        """The cards as they are now: what was suggested to this attendee and not withdrawn."""

    async def other(self, conference: str, attendee: str, match: str) -> str | None:
        """Whom a card of this attendee is about. Server side only: to look up a name; None: not their card."""

    async def erase(self, conference: str, attendee: str) -> None:
        """Removes every key and value with or about the attendee; others keep withdrawals of cards with them.

        Call it at the erasure's place in the log too: a delivery that was under way may come after an earlier call.
        """

    async def rebuild(
        self,
        conference: str,
        outputs: Iterable[AnyOutput] | AsyncIterable[AnyOutput],
        erased: Collection[str] = (),
    ) -> str:
        """Throws away what is there and makes it from the recorded outputs; nobody sees it half done. Returns the mark.

        ``erased``: attendees erased up to the end of the outputs (may grow while it runs).
        """

    async def lose(self, conference: str) -> bool:
        """Takes the mark away, whoever's it is: nobody reads, and whoever delivers finds all lost and rebuilds it.

        False: there is none, or a rebuild is under way; nothing was done.
        """

    async def prepare(self, conference: str) -> None:
        """Makes the inboxes of a conference that has put nothing out yet: there, and empty. What is there stays."""

    async def end(self, conference: str) -> None:
        """The conference is over: trims every stream. Cards and numbers stay until ``forget``."""

    async def forget(self, conference: str) -> None:
        """Removes everything of the conference."""

    async def set_presence(self, conference: str, position: str, people: Mapping[str, int]) -> None:
        """How many people are at each place as of a record; an older or equal position changes nothing."""

    async def presence(self, conference: str) -> dict[str, int]:
        """People by place, exact: never shown as such, but through ``view.organizer``."""

    async def totals(self, conference: str) -> Totals:
        """What was put out so far, exact: never shown as such, but through ``view.organizer``."""
