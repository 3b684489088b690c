"""The port of the whole directory: its parts, and operations that involve several of them.

Invariants: every method is one transaction and may be called from any thread. Once ``erasing.finish`` has returned, no
byte that the directory stores has anything of what was erased.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from services.directory.port.access import AuditLog, Codes, Keys, Sessions
from services.directory.port.erasure import DeadLetterKeys, Erasure, Tombstones
from services.directory.port.people import Accounts, People, Tokens
from services.directory.port.values import Account, NamedPost, NoLink, Person, Shown


class Directory(Tokens, Protocol):
    """Who is who. Times are milliseconds since 1970. DirectoryError: nothing was changed."""

    @property
    def people(self) -> People:
        """What they are called, how to reach them."""

    @property
    def accounts(self) -> Accounts:
        """Whose accounts are whose."""

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
    def letter_keys(self) -> DeadLetterKeys:
        """What dead letters are sealed with."""

    @property
    def tombstones(self) -> Tombstones:
        """Who was erased once."""

    @property
    def erasing(self) -> Erasure:
        """Erasures under way."""

    @property
    def audit(self) -> AuditLog:
        """Who looked into dead letters."""

    # -- tokens and the way back from them ------------------------------------------------------------------------

    def cached_rows(self, accounts: Iterable[str]) -> Mapping[str, Account] | None:
        """These rows out of memory, without waiting for anybody; None where a file has to be looked at."""

    def index_posts(self, posts: Sequence[NamedPost]) -> None:
        """Makes the way back from these posts' tokens; on the disk when it returns."""

    def originals(self, tokens: Collection[str]) -> Mapping[str, str]:
        """The post ids behind tokens; those erased or expired are not in it."""

    def keyed_random(self, text: str) -> bytes:
        """32 bytes that nobody can foresee who has not the secret; always the same for the same text."""

    # -- people ---------------------------------------------------------------------------------------------------

    def display(self, conference: str, attendees: Collection[str]) -> dict[str, Shown]:
        """What others may see; of nobody known: nothing but the id."""

    def first_links(self, conference: str, after: str, most: int) -> list[tuple[Person, str | NoLink]]:
        """A first link for each of a page of people, by id, who has never signed in: in one transaction, so that nobody
        is erased or signs in in between."""

    def enroll(self, persons: Sequence[tuple[Person, Sequence[str]]]) -> list[tuple[Person, bool, bool]]:
        """Adds people of one conference with the accounts that they claim, all or nobody; who is there already, by the
        e-mail, stays. Gives who is there now, whether they are new, and whether they wait for their own word.
        """

    def undo_enrolment(self, conference: str, attendees: Sequence[str]) -> None:
        """Takes out people who were added and are not wanted after all; who leaves for good is erased."""

    def attendees(self, conference: str) -> list[str]:
        """The ids of everybody of whom something is kept."""

    def signed_in(self, conference: str) -> frozenset[str]:
        """The ids of everybody who has ever signed in."""

    # -- who was erased ---------------------------------------------------------------------------------------------

    def is_erased(self, conference: str, attendee: str) -> bool:
        """Whether this id was erased."""

    def awaits_confirmation(self, conference: str, attendee: str, accounts: Collection[str]) -> bool:
        """Whether nobody else may register this attendee with these accounts: somebody who was erased had them."""

    def is_waiting(self, conference: str, attendee: str) -> bool:
        """Whether somebody who was added waits for their own word."""

    def has_tombstone(self, conference: str, texts: Iterable[str]) -> bool:
        """Whether somebody who was erased had one of these addresses and accounts."""

    def erase_conference(self, conference: str) -> None:
        """Erases everybody of a conference, after the event; once it is so everywhere, ``confirm`` it of ``""``."""

    def purge_expired(self, ongoing: Collection[str] = ()) -> None:
        """Once a day: takes out what expired, bytes included. ``ongoing``: conferences that are not over yet."""

    def close(self) -> None:
        """Nothing more."""
