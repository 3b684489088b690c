"""The port of the inboxes: the store that attendees' pages are read from.

Responsibility: the operations, their results, errors and limits.
Invariants: the store holds nothing that the log does not; everything can be rebuilt from the recorded outputs.
Why: how outputs get in is in ``streams/runtime/inboxes``. An attendee sees no position but an entry's *cursor*, its
number in this inbox: the same outputs give the same numbers, so ``Last-Event-ID`` outlives the store. The store holds
the attendee's own view (``view``), never the output: what must not leave the server never reaches Redis. Of each card
it holds only the newest view of a kind: an older entry of that kind reads like the newest, and every entry of a card
that is over reads as its end.
"""

from collections.abc import AsyncGenerator
from typing import Protocol

from msgspec import Struct

from services.inbox.cursor import FIRST
from services.inbox.view import Card
from streams.runtime.inboxes import DeliveredInboxes

INBOX_ENTRIES = 500  # 10 suggestions a day, 3 entries each, for a week, doubled; 330 KB at most
ENTRY_BYTES, CARD_BYTES = 660, 620  # measured: an entry of an inbox; a card with its person
ASSUMED_MEMORY_BYTES = 16 << 30
MIN_ENTRIES = 20  # per inbox, whatever the quota: what a phone misses in an hour
PAGE_ENTRIES = 100  # per read; the next page has the rest
HEARTBEAT_S = 15.0  # proxies close a silent stream after 30 s; also the longest delay by a lost hint


class InboxQuota(Struct, frozen=True):
    """How much of the store one conference may use. ``max_per_inbox`` and ``min_per_inbox``: entries.

    ``entries``: of all its inboxes together. ``cards``: ever put into them; further cards are not shown.
    """

    max_per_inbox: int = INBOX_ENTRIES
    entries: int = 150_000
    min_per_inbox: int = MIN_ENTRIES
    cards: int = 400_000

    def entries_per_inbox(self, people: int) -> int:
        """The maximum number of entries per inbox when ``people`` have one: fewer when there are many people."""
        return min(self.max_per_inbox, max(self.min_per_inbox, self.entries // max(1, people)))


def quota_for(memory_bytes: int) -> InboxQuota:
    """One conference's quota of a store: 45 % of its memory for cards, a fifth for entries; the rest is for others.

    ``memory_bytes`` 0: the store has no limit; it is treated as a large one.
    """
    memory_bytes = memory_bytes or ASSUMED_MEMORY_BYTES
    entries = memory_bytes // 5 // ENTRY_BYTES
    return InboxQuota(entries=entries, cards=memory_bytes * 45 // 100 // CARD_BYTES)


class Entry(Struct, frozen=True, gc=False):
    """One entry of an inbox: its cursor (the ``id:`` of a server-sent event) and the view, one JSON object.

    Only for the server: its position, the view's kind, its card, ``other`` (whom the card is about; None: not to be
    named); ``live``: it was pushed, not read; ``new``: the card is new with this entry, as far as known.
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
    """Entries, and the checkpoint when they were read."""

    entries: tuple[Entry, ...]
    checkpoint: str


class CurrentCards(Struct, frozen=True):
    """The cards as they are now, by cursor; ``follow`` continues after ``cursor`` without gap or duplicate.

    Only for the server: ``others``, whom each card is about; ``pending_withdrawals``: cards about an erased person
    whose withdrawal has not been delivered yet.
    """

    cursor: int
    cards: tuple[Card, ...]
    others: dict[str, str]
    pending_withdrawals: frozenset[str] = frozenset()


class CardState(Struct, frozen=True):
    """A card that this inbox has had: whom it is about ("": erased), and whether it is not withdrawn."""

    other: str
    is_open: bool


class ResumeLostError(Exception):
    """Entries after this cursor were trimmed, or never existed: read ``current`` and follow from its cursor."""


class Inboxes(DeliveredInboxes, Protocol):
    """Adds what attendees' pages read. Every method but ``follow`` can raise InboxUnavailableError, in bounded time."""

    @property
    def trouble(self) -> str | None:
        """Why the store does not work now, as the text of an InboxStoreError; None: no known problem."""

    async def check(self) -> None:
        """Checks that the store answers and accepts writes. InboxStoreError says why not."""

    async def read(
        self, conference: str, attendee: str, after: int = FIRST, limit: int = PAGE_ENTRIES
    ) -> tuple[Entry, ...]:
        """The next entries after a cursor. ResumeLostError."""

    async def wait(
        self,
        conference: str,
        attendee: str,
        after: int = FIRST,
        within_s: float = HEARTBEAT_S,
        limit: int = PAGE_ENTRIES,
    ) -> tuple[Entry, ...]:
        """Like ``read``, but waits for the first entry; empty if none came in time. Can be cancelled at any time."""

    def follow(
        self, conference: str, attendee: str, after: int = FIRST, beat_s: float = HEARTBEAT_S
    ) -> AsyncGenerator[tuple[Entry, ...], None]:
        """Yields entries after a cursor as they come, without end; an empty tuple is a heartbeat after ``beat_s``
        without any.

        What others get changes nothing, not even the time of a heartbeat. It survives any outage of the store.
        ResumeLostError ends it. Close it (``aclosing``) when the client disconnects.
        """

    async def current(self, conference: str, attendee: str) -> CurrentCards:
        """The cards that were suggested to this attendee and not withdrawn."""

    async def card_state(self, conference: str, attendee: str, match: str) -> CardState | None:
        """The state of a card that this attendee has or had; None: it was never theirs. For the server only."""

    async def invalidate(self, conference: str) -> bool:
        """Removes the checkpoint, of any log: reads fail until the next delivery finds it missing and rebuilds.

        False: there was none, or a rebuild is in progress; nothing was done.
        """

    async def prepare(self, conference: str) -> None:
        """Creates the empty inboxes of a conference without outputs. Existing inboxes stay."""

    async def end(self, conference: str) -> None:
        """Trims every inbox of a conference that is over. Cards stay until ``forget``."""
