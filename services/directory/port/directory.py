"""The port of the whole directory: its parts, and operations that involve several of them.

Invariants: every method is one transaction and may be called from any thread. Once ``erasing.finish`` has returned, no
byte that the directory stores has anything of what was erased.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from services.directory.port.access import AuditLog, Codes, Keys, Sessions
from services.directory.port.connectors import Connectors
from services.directory.port.erasure import DeadLetterKeys, Erasure, Tombstones
from services.directory.port.mail import Outbox
from services.directory.port.people import Accounts, People, Tokens
from services.directory.port.values import Account, NamedPost, NoLink, Person, Shown


class Directory(Tokens, Protocol):
    """The directory of people. Times are milliseconds since 1970. DirectoryError: nothing was changed."""

    @property
    def people(self) -> People:
        """People's names and contacts."""

    @property
    def accounts(self) -> Accounts:
        """Which attendee holds which account."""

    @property
    def keys(self) -> Keys:
        """Keys of organizers, connectors and operators, and their sessions."""

    @property
    def sessions(self) -> Sessions:
        """Attendees' links and sessions."""

    @property
    def codes(self) -> Codes:
        """Codes that prove an account."""

    @property
    def outbox(self) -> Outbox:
        """Mails with sign-in links."""

    @property
    def letter_keys(self) -> DeadLetterKeys:
        """The keys that dead letters are sealed with."""

    @property
    def tombstones(self) -> Tombstones:
        """The tombstones of erased people."""

    @property
    def erasing(self) -> Erasure:
        """Erasures under way."""

    @property
    def audit(self) -> AuditLog:
        """Who looked at dead letters."""

    @property
    def connectors(self) -> Connectors:
        """What brings events from other systems."""

    # -- tokens and the way back from them ------------------------------------------------------------------------

    def cached_rows(self, accounts: Iterable[str]) -> Mapping[str, Account] | None:
        """The rows of these accounts from memory, without blocking; None where a file must be read."""

    def index_posts(self, posts: Sequence[NamedPost]) -> None:
        """Adds these posts to the index from tokens to post ids; durable on return."""

    def originals(self, tokens: Collection[str]) -> Mapping[str, str]:
        """The post ids behind tokens, without erased and expired ones."""

    def keyed_random(self, text: str) -> bytes:
        """32 bytes that are unpredictable without the secret, always the same for the same text."""

    # -- people ---------------------------------------------------------------------------------------------------

    def display(self, conference: str, attendees: Collection[str]) -> dict[str, Shown]:
        """What others may see of each; for an unknown attendee only the id."""

    def first_links(self, conference: str, after: str, most: int) -> list[tuple[Person, str | NoLink]]:
        """A first link, or why there is none, for each of a page of people, sorted by id. One transaction, so nobody is
        erased or signs in meanwhile."""

    def enroll(self, persons: Sequence[tuple[Person, Sequence[str]]]) -> list[tuple[Person, bool, bool]]:
        """Adds people of one conference with the accounts that they claim: all or none. Known e-mails stay as they are.
        Returns each person, whether they are new, and whether they must confirm first.
        """

    def undo_enrolment(self, conference: str, attendees: Sequence[str]) -> None:
        """Removes people whose registration the log refused. This is not an erasure."""

    def attendees(self, conference: str) -> list[str]:
        """The ids of all attendees about whom anything is stored."""

    def signed_in(self, conference: str) -> frozenset[str]:
        """The ids of all attendees who have ever signed in."""

    # -- who was erased ---------------------------------------------------------------------------------------------

    def is_erased(self, conference: str, attendee: str) -> bool:
        """Whether this id was erased."""

    def awaits_confirmation(self, conference: str, attendee: str, accounts: Collection[str]) -> bool:
        """Whether this attendee must confirm a registration with these accounts: somebody who was erased had them."""

    def is_waiting(self, conference: str, attendee: str) -> bool:
        """Whether somebody who was added has not confirmed yet."""

    def has_tombstone(self, conference: str, texts: Iterable[str]) -> bool:
        """Whether somebody who was erased had one of these addresses and accounts."""

    def erase_conference(self, conference: str) -> None:
        """Erases everybody of a conference after the event. ``confirm`` it under ``""`` when all else has erased it."""

    def purge_expired(self, ongoing: Collection[str] = ()) -> None:
        """Deletes what has expired, bytes included; run it daily. ``ongoing``: conferences that are not over yet."""

    def close(self) -> None:
        """Closes the files."""
