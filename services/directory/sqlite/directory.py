"""Assembles the directory: three SQLite files and the secret in one folder, or all of it in memory.

Responsibility: what is opened, in which order, and the daily deletion of expired rows. Only one process may open it at
a time; the composition root holds the folder's lock.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from services.directory import server_secret as secrets_
from services.directory.port import (
    EVIDENCE_DAYS,
    Account,
    Claims,
    Held,
    NamedPost,
    NoLink,
    Person,
    PostRef,
    Shown,
    day,
)
from services.directory.sqlite import migrations as tables
from services.directory.sqlite.accounts import SqliteAccounts
from services.directory.sqlite.api_keys import SqliteKeys
from services.directory.sqlite.audit_log import SqliteAuditLog
from services.directory.sqlite.connectors import SqliteConnectors
from services.directory.sqlite.database import Database
from services.directory.sqlite.dead_letter_keys import SqliteDeadLetterKeys
from services.directory.sqlite.erased_ids import ErasedIds
from services.directory.sqlite.erasure import SqliteErasure
from services.directory.sqlite.ownership_codes import SqliteCodes
from services.directory.sqlite.people import SqlitePeople
from services.directory.sqlite.posts import SqlitePosts
from services.directory.sqlite.sessions import SqliteSessions
from services.directory.sqlite.tombstones import SqliteTombstones

PEOPLE_FILE, POSTS_FILE, SECRET_FILE = "directory.sqlite", "posts.sqlite", "secret.key"
AUDIT_FILE = "audit.sqlite"
_TRACE_BYTES = 12


class SqliteDirectory:
    """The port's Directory. ``clock`` gives milliseconds since 1970. ``folder``: None for memory.

    ``evidence_days``: the longest of any conference's policy. ``secret``: replaces the stored one in tests.
    """

    def __init__(
        self,
        folder: Path | None,
        clock: Callable[[], int],
        evidence_days: int = EVIDENCE_DAYS,
        secret: secrets_.Secret | None = None,
    ) -> None:
        if folder is not None:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._clock, self._days = clock, evidence_days
        self._secret = secret or (
            secrets_.new_secret() if folder is None else secrets_.load_secret(folder / SECRET_FILE)
        )
        base = self._base = Database(folder and folder / PEOPLE_FILE, tables.PEOPLE)
        posts = self._posts_base = Database(folder and folder / POSTS_FILE, tables.POSTS)
        self._audit_base = Database(folder and folder / AUDIT_FILE, tables.AUDIT)
        self.audit = SqliteAuditLog(self._audit_base, clock)
        self._erased_ids = ErasedIds(base, self._secret, clock)
        self.people = SqlitePeople(base, self._erased_ids, clock)
        self.accounts = SqliteAccounts(base, self._erased_ids, clock)
        self.posts = SqlitePosts(posts, self.accounts, clock, evidence_days)
        self.keys = SqliteKeys(base, self._secret, self._erased_ids, clock)
        self.sessions = SqliteSessions(base, self.keys, clock)
        self.codes = SqliteCodes(base, self._secret, self._erased_ids, clock)
        self.letter_keys = SqliteDeadLetterKeys(base, clock)
        self.connectors = SqliteConnectors(base, self._secret, clock)
        self.tombstones = SqliteTombstones(base, self._secret, clock)
        self.erasing = SqliteErasure(
            (base, posts), self.accounts, self.posts, self.keys, self.codes, self._erased_ids, self.tombstones
        )
        if not self.erasing.is_finished():
            self.erasing.finish()

    # -- Tokens --------------------------------------------------------------------------------------------------

    def rows_for(self, accounts: Iterable[str]) -> Mapping[str, Account]:
        """The row of each account, with its token; created where it is missing."""
        return self.accounts.rows_for(accounts)

    def cached_rows(self, accounts: Iterable[str]) -> Mapping[str, Account] | None:
        """The rows of these accounts from memory, without blocking; None where a file must be read."""
        return self.accounts.cached_rows(accounts) if self.posts.needs_no_file else None

    def tokenize_posts(self, posts: Sequence[PostRef], rows: Mapping[str, Account]) -> list[NamedPost]:
        """Each post with its token; changes nothing. ``rows``: at least the authors'."""
        return self.posts.tokenize(posts, rows)

    def index_posts(self, posts: Sequence[NamedPost]) -> None:
        """Adds these posts to the index from tokens to post ids; durable on return."""
        self.posts.index(posts)

    def hold(self, held: Sequence[Held]) -> None:
        """Records who holds these accounts, so that an erasure finds them."""
        self.accounts.hold(held)

    def replace_claims(self, claims: Sequence[Claims]) -> None:
        """Replaces the claims of registered attendees."""
        self.accounts.replace_claims(claims)

    def trace(self, text: str) -> str:
        """A short keyed digest of the text."""
        return self._secret.digest("trace", text, _TRACE_BYTES).hex()

    def keyed_random(self, text: str) -> bytes:
        """32 bytes that are unpredictable without the secret, always the same for the same text."""
        return self._secret.digest("rough", text)

    def is_erased(self, conference: str, attendee: str) -> bool:
        """Whether this id was erased."""
        return self._erased_ids.has(conference, attendee)

    # -- from tokens back ----------------------------------------------------------------------------------------

    def display(self, conference: str, attendees: Collection[str]) -> dict[str, Shown]:
        """What others may see of each; for an unknown attendee only the id."""
        return self.people.display(conference, attendees)

    def originals(self, tokens: Collection[str]) -> dict[str, str]:
        """The post ids behind tokens, without erased and expired ones."""
        return self.posts.originals(tokens)

    def first_links(self, conference: str, after: str, most: int) -> list[tuple[Person, str | NoLink]]:
        """A first link, or why there is none, for each of a page of people, sorted by id. One transaction, so nobody is
        erased or signs in meanwhile."""
        with self._base.write():
            people = self.people.page(conference, after, most)
            return [(person, self.sessions.first_link(conference, person.attendee)) for person in people]

    # -- registration --------------------------------------------------------------------------------------------

    def enroll(self, persons: Sequence[tuple[Person, Sequence[str]]]) -> list[tuple[Person, bool, bool]]:
        """Adds people of one conference with the accounts that they claim: all or none. Known e-mails stay as they are.
        Returns each person, whether they are new, and whether they must confirm first.
        """
        with self._base.write():
            return [self._enroll_one(person, accounts) for person, accounts in persons]

    def _enroll_one(self, person: Person, accounts: Sequence[str]) -> tuple[Person, bool, bool]:
        conference, tombstones = person.conference, self.tombstones
        ((added, is_new),) = self.people.add_all([person])
        waits = self.is_waiting(conference, added.attendee) or (
            is_new and self.has_tombstone(conference, [added.email, *accounts])
        )
        if waits:
            tombstones.wait(conference, added.attendee, accounts)
            if is_new and added.show_name:
                added = replace(added, show_name=False)
                self.people.change(added)
        return added, is_new, waits

    def awaits_confirmation(self, conference: str, attendee: str, accounts: Collection[str]) -> bool:
        """Whether this attendee must confirm a registration with these accounts: somebody who was erased had them."""
        if self.is_waiting(conference, attendee):
            return True
        return bool(self.tombstones.find(conference, accounts) - self.accounts.ever_had(conference, attendee).keys())

    def is_waiting(self, conference: str, attendee: str) -> bool:
        """Whether somebody who was added has not confirmed yet."""
        return self.tombstones.waiting_accounts(conference, attendee) is not None

    def has_tombstone(self, conference: str, texts: Iterable[str]) -> bool:
        """Whether somebody who was erased had one of these addresses and accounts."""
        return bool(self.tombstones.find(conference, texts))

    def undo_enrolment(self, conference: str, attendees: Sequence[str]) -> None:
        """Removes people whose registration the log refused. This is not an erasure."""
        with self._base.write():
            self.people.remove(conference, attendees)
            self.tombstones.end_waiting(conference, attendees)

    # -- erasure and expiry --------------------------------------------------------------------------------------

    def erase_conference(self, conference: str) -> None:
        """Erases everybody of a conference after the event. ``confirm`` it under ``""`` when all else has erased it."""
        self.erasing.erase_conference(conference)

    def attendees(self, conference: str) -> list[str]:
        """The ids of all attendees about whom anything is stored."""
        return [row[0] for row in self._base.read(_EVERYBODY, (conference, conference))]

    def signed_in(self, conference: str) -> frozenset[str]:
        """The ids of all attendees who have ever signed in."""
        return frozenset(row[0] for row in self._base.read(_SIGNED_IN, (conference,)))

    def purge_expired(self, ongoing: Collection[str] = ()) -> None:
        """Deletes what has expired, bytes included; run it daily. ``ongoing``: conferences that are not over yet."""
        self.keys.expire()
        self.letter_keys.expire()
        self.audit.expire()
        self.posts.expire()
        self.accounts.expire(self._days)
        self._erased_ids.expire(day(self._clock()) - self._days, ongoing)
        self.tombstones.expire(ongoing)
        self._base.clean(whole=True)
        self._posts_base.clean(whole=False)

    def close(self) -> None:
        """Closes the files."""
        self._base.close()
        self._posts_base.close()
        self._audit_base.close()


_EVERYBODY = (
    "SELECT attendee FROM people WHERE conference = ? UNION SELECT attendee FROM holdings WHERE conference = ?"
    " ORDER BY attendee"
)
_SIGNED_IN = "SELECT DISTINCT attendee FROM sign_ins WHERE conference = ?"
