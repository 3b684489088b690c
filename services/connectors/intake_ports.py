"""What the intake of connectors needs from the rest of Hallway: a register of attendees, and the log.

Failure modes: every method raises IntakeBusyError where nothing, or perhaps all, was done; the same may be sent again.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from schemas.codec import Reject
from schemas.events import Input
from services.connectors.port import TicketValid
from services.directory.port import PostRef, Ticket


class IntakeBusyError(Exception):
    """Hallway itself cannot take anything now. ``retry_s``: how long to wait; None: as the back-off says."""

    def __init__(self, retry_s: float | None = None) -> None:
        super().__init__("Hallway is busy; it continues by itself.")
        self.retry_s = retry_s


class Origin(Struct, frozen=True):
    """For whom something is taken in. ``connector``: its id. ``source``: what it reads."""

    conference: str
    connector: str
    organizer: str
    source: str


class KnownPerson(Struct, frozen=True):
    """A person of the directory. ``waits``: they must confirm their registration before they are in any log."""

    name: str
    email: str
    waits: bool


class FoundHolder(Struct, frozen=True):
    """Whose a ticket is. ``attendee`` None: refused, and ``text`` says why. ``is_new``: registered just now.

    ``is_own``: the attendee's id was derived from this ticket, so nobody else registered them."""

    attendee: str | None
    is_new: bool = False
    is_own: bool = False
    text: str = ""


class Attendees(Protocol):
    """The attendees of conferences, as attendee files register them: by e-mail address, without any consent."""

    async def find(self, conference: str, attendees: Collection[str]) -> Mapping[str, KnownPerson]:
        """The known ones among these."""

    async def ids_for(self, origin: Origin, holders: Sequence[TicketValid]) -> Sequence[str]:
        """The id that each holder gets, if registered because of this ticket: always the same, and nobody else's."""

    async def register(
        self, origin: Origin, holders: Sequence[TicketValid], others: Sequence[Ticket]
    ) -> list[FoundHolder]:
        """The attendee of each holder: who has this address and this name, unchanged, or else somebody new. Somebody
        who was erased waits for their own confirmation. ``others``: the tickets of everybody at these addresses."""

    async def correct(self, origin: Origin, ticket: Ticket, holder: TicketValid) -> bool:
        """Corrects the name and e-mail address of a ticket's person. False where the shop may not: this ticket alone
        must have brought them and be their only one, they must have no accounts and neither have signed in nor wait for
        their confirmation, and neither somebody else nor anybody erased may have the address."""

    async def at_addresses(self, conference: str, emails: Collection[str]) -> Collection[str]:
        """The ids of everybody with one of these addresses."""

    async def remove(self, origin: Origin, attendees: Sequence[str]) -> Sequence[str]:
        """Erases these people, as the organizer would, without those who have signed in or have accounts; returns whom
        it erased."""


class Log(Protocol):
    """The way into a conference's log."""

    async def admit(self, origin: Origin, events: Sequence[Input]) -> Sequence[str]:
        """The result of each event: accepted, duplicate or rejected. Accepted ones are durable."""

    async def admit_posts(self, origin: Origin, events: Sequence[Input]) -> Sequence[str]:
        """The same for posts and their deletions."""

    async def known_posts(self, posts: Sequence[PostRef]) -> Collection[str]:
        """The ids of those among these posts that a log may have."""

    async def reject(self, origin: Origin, unreadable: Sequence[Reject]) -> None:
        """Stores dead letters."""
