"""The port of the serving store: what attendees' pages are read from.

Owns: the verbs, their results, their errors and their bounds. May never: hold what the log does not; anything here can
be thrown away and made again from the recorded outputs (``rebuild``).
Theory: an output enters the inbox of each attendee in its ``to`` under its position, together with the conference's
*mark*, the position up to which everything is delivered. So repeats and zombies change nothing, and delivery goes on
after a crash at the mark. An attendee is told the entry's *cursor* instead, its number in this inbox alone: the same
outputs give the same numbers, so ``Last-Event-ID`` outlives the store. What is kept is the attendee's own view
(``view``), never the output: what must not leave the server never gets as far as Redis. Of each card only the newest
view of a kind is kept: an older entry of that kind reads as the newer one, and of a card that is over none reads as
anything but its end.
"""

from collections.abc import AsyncGenerator, AsyncIterable, Collection, Iterable, Sequence
from typing import Protocol

from msgspec import Struct

from schemas.outputs import AnyOutput
from services.inbox.cursor import FIRST
from services.inbox.view import Card

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
    """One entry of an inbox: its cursor (the ``id:`` of a server-sent event) and the view, one JSON object.

    For the server alone: its position, the view's kind, its card, whom that is about (None: nobody to be named);
    whether it was handed over as it came (``live``); whether the card is ``new`` with this entry, as far as is known.
    """

    position: str
    cursor: int
    view: bytes
    kind: str
    card: str
    other: str | None
    new: bool = False
    live: bool = False


class Page(Struct, frozen=True):
    """Entries, and up to where everything was delivered when they were read."""

    entries: tuple[Entry, ...]
    mark: str


class Current(Struct, frozen=True):
    """The cards as they are now, by cursor; following goes on after ``cursor`` without gap or duplicate.

    For the server alone: ``others``, whom each card is about; ``ending``: cards of somebody erased, whose withdrawal
    has not come yet.
    """

    cursor: int
    cards: tuple[Card, ...]
    others: dict[str, str]
    ending: frozenset[str] = frozenset()


class Shown(Struct, frozen=True):
    """A card that this inbox has had: whom it is about ("": erased), and whether it was not withdrawn since."""

    other: str
    is_open: bool


class InboxUnavailableError(Exception):
    """The store is away, too slow, or being rebuilt. It goes on by itself: try again later; the gateway says 503."""


class InboxStoreError(InboxUnavailableError):
    """The store itself is away or refuses. Its text is a sentence for whoever runs it, without address or names."""


class InboxFullError(InboxStoreError):
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
    """What came after this cursor is no longer kept, or never was: take ``current`` and follow from its cursor."""


class Inboxes(Protocol):
    """All take and give ids as in the contract. All but ``follow`` raise InboxUnavailableError in a bounded time."""

    @property
    def trouble(self) -> str | None:
        """What keeps the store from working, as the sentence of an InboxStoreError; None: nothing that is known of."""

    async def check(self) -> None:
        """Returns when the store answers and takes writes; InboxStoreError says why it does not."""

    async def deliver(self, conference: str, outputs: Sequence[AnyOutput], erased: Collection[str] = ()) -> str:
        """Puts outputs, ascending, into the inboxes of their ``to``; returns the mark. Repeats change nothing.

        Begin after ``delivered``. ``erased``: attendees that the log has erased, as far as is known.
        A conference that has had its share of cards gets no further ones; those that it has go on.
        InboxLostError when the store has less than it once confirmed to this process.
        """

    async def delivered(self, conference: str) -> str | None:
        """The mark; START: nothing yet. None: empty, half built, or of an older form: rebuild. InboxForeignError."""

    async def read(
        self, conference: str, attendee: str, after: int = FIRST, limit: int = PAGE_ENTRIES
    ) -> tuple[Entry, ...]:
        """The next entries after a cursor. ResumeLostError."""

    async def wait(
        self, conference: str, attendee: str, after: int = FIRST, within_s: float = BEAT_S, limit: int = PAGE_ENTRIES
    ) -> tuple[Entry, ...]:
        """As ``read``, but waits for the first entry; empty when none came in time. May be cancelled at any moment."""

    def follow(
        self, conference: str, attendee: str, after: int = FIRST, beat_s: float = BEAT_S
    ) -> AsyncGenerator[tuple[Entry, ...], None]:
        """Entries after a cursor as they come, without end; an empty tuple is a beat: nothing came for ``beat_s``.

        What others get changes nothing, not even the moment of a beat. Lives through any absence of the store.
        ResumeLostError ends it. Close it (``aclosing``) when the client goes.
        """

    async def current(self, conference: str, attendee: str) -> Current:
        """The cards as they are now: what was suggested to this attendee and not withdrawn."""

    async def shown(self, conference: str, attendee: str, match: str) -> Shown | None:
        """A card that this attendee has, or had. Server side only. None: it was never theirs."""

    async def erase(self, conference: str, attendee: str) -> None:
        """Removes every key and value with or about the attendee; others' entries about them keep their numbers alone.

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
        """The conference is over: trims every stream. Cards stay until ``forget``."""

    async def forget(self, conference: str) -> None:
        """Removes everything of the conference."""
