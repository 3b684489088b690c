"""The port for mail that waits, is being sent, or was sent: the outbox.

Invariants:
- A waiting mail has neither an address nor a secret. Both are looked up or made when it is claimed, so a corrected
  address counts, and whoever was erased or has signed in meanwhile gets nothing.
- A mail is claimed durably before it is handed over, and no claimed mail is ever claimed again by itself: SMTP cannot
  deduplicate, and a second mail with a second link would confuse more than a missing one, which its owner can ask for.
- Nobody gets an organizer's mail twice; the exceptions are an address that was corrected after a refusal, and a mail
  that no server had accepted in time.
"""

from typing import Literal, Protocol

from msgspec import Struct

# first: an organizer's, to somebody who has never signed in. lost: asked for by the person.
MailKind = Literal["first", "lost"]
# delayed: to be tried again. late: tried for too long. unclear: handed over, but the answer was lost.
Delivery = Literal["accepted", "refused", "delayed", "unclear"]


class MailedLink(Struct, frozen=True):
    """A sign-in link for one person. ``expires``: ms since 1970. ``name``: empty unless several share the address."""

    conference: str
    name: str
    secret: str
    expires: int


class Mail(Struct, frozen=True):
    """A claimed mail. ``tries``: how often it was claimed, this time included."""

    number: int
    kind: MailKind
    email: str
    links: tuple[MailedLink, ...]
    tries: int


class MailCounts(Struct, frozen=True):
    """An organizer's mails of one conference by what became of them. ``unmailed``: people with an address who have
    never signed in and would be mailed now. ``refused_attendees``: the ids of the first 100."""

    unmailed: int = 0
    waiting: int = 0
    accepted: int = 0
    refused: int = 0
    late: int = 0
    unclear: int = 0
    refused_attendees: tuple[str, ...] = ()


class MailRecord(Struct, frozen=True):
    """What is stored of a mail to somebody, for themselves. ``state``: also ``waiting`` and ``sending``."""

    kind: MailKind
    state: str
    made: int


class Outbox(Protocol):
    """Mails with sign-in links."""

    def request_links(self, email: str) -> bool:
        """Queues a mail with new links for whoever is registered under the address; False if nobody is, if such a mail
        waits already, or after too many in a day."""

    def queue_first_links(self, conference: str) -> int:
        """Queues a mail for everybody who would be counted as ``unmailed``; returns how many. OutboxFullError: too
        many wait already; none was queued."""

    def counts(self, conference: str) -> MailCounts:
        """What became of the conference's first mails."""

    def mails_of(self, conference: str, attendee: str) -> list[MailRecord]:
        """What is stored of an attendee's mails, oldest first."""

    def count_waiting(self) -> int:
        """How many mails of the whole server wait."""

    def claim(self) -> Mail | None:
        """The next mail that is due, with new links; None if none is, or if those that were are needless by now."""

    def settle(self, number: int, delivery: Delivery, wait_ms: int = 0) -> None:
        """Records what became of a claimed mail. ``delayed``: its links end, and it is due again after ``wait_ms``;
        0: at once, because it was not tried."""

    def next_due(self) -> int | None:
        """When the next mail is due, in ms since 1970; None if none waits."""

    def settle_interrupted(self) -> int:
        """Marks mails that a crash interrupted as unclear; returns how many. Call it before the first ``claim``."""
