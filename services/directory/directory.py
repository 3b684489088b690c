"""The directory put together: two SQLite files and the secret in one folder, or all of it in memory.

Owns: what is opened, in which order, and the daily tidying. May never: be opened by two processes at once (the folder's
lock is the composition root's).
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

from services.directory import secret as secrets_
from services.directory import tables
from services.directory.accounts import Accounts
from services.directory.codes import Codes
from services.directory.database import Database
from services.directory.erasing import Erasing
from services.directory.gone import Gone
from services.directory.keys import Keys
from services.directory.letter_keys import LetterKeys
from services.directory.people import People
from services.directory.port import EVIDENCE_DAYS, Account, Claims, Erased, Held, NamedPost, Person, PostRef, Shown, day
from services.directory.posts import Posts

PEOPLE_FILE, POSTS_FILE, SECRET_FILE = "directory.sqlite", "posts.sqlite", "secret.key"
_TRACE_BYTES = 12


class SqliteDirectory:
    """The directory. ``clock`` gives milliseconds since 1970; ``folder`` None keeps it in memory.

    ``evidence_days``: the longest of any conference's policy. Is ``Tokens``.
    """

    def __init__(self, folder: Path | None, clock: Callable[[], int], evidence_days: int = EVIDENCE_DAYS) -> None:
        if folder is not None:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._clock, self._days = clock, evidence_days
        self._secret = secrets_.made() if folder is None else secrets_.kept(folder / SECRET_FILE)
        base = self._base = Database(folder and folder / PEOPLE_FILE, tables.PEOPLE)
        posts = self._posts_base = Database(folder and folder / POSTS_FILE, tables.POSTS)
        self._gone = Gone(base, self._secret, clock)
        self.people = People(base, self._gone)
        self.accounts = Accounts(base, self._gone, clock)
        self.posts = Posts(posts, self.accounts, clock, evidence_days)
        self.keys = Keys(base, self._secret, clock)
        self.codes = Codes(base, self._secret, clock)
        self.letter_keys = LetterKeys(base, self._secret, clock)
        self.erasing = Erasing((base, posts), self.accounts, self.posts, self.keys, self.codes, self._gone)
        if self.erasing.pending():
            self.erasing.finish()

    # -- Tokens --------------------------------------------------------------------------------------------------

    def tokens_for(self, accounts: Iterable[str]) -> dict[str, str]:
        """A token for each account; made where there is none."""
        return self.accounts.tokens_for(accounts)

    def rows_for(self, accounts: Iterable[str]) -> Mapping[str, Account]:
        """The row, and with it the token, of each account; made where there is none."""
        return self.accounts.rows_for(accounts)

    def at_hand(self, accounts: Iterable[str]) -> Mapping[str, Account] | None:
        """These rows out of memory, without waiting for anybody; None where a file has to be looked at."""
        return self.accounts.at_hand(accounts) if self.posts.at_hand else None

    def named_posts(self, posts: Sequence[PostRef], rows: Mapping[str, Account]) -> list[NamedPost]:
        """Each post with its token; changes nothing. ``rows``: at least those of the authors."""
        return self.posts.named(posts, rows)

    def keep_posts(self, posts: Sequence[NamedPost]) -> None:
        """Makes the way back from these posts' tokens; on the disk when it returns."""
        self.posts.keep(posts)

    def hold(self, held: Sequence[Held]) -> None:
        """Remembers whose accounts these are, so that erasing finds them."""
        self.accounts.hold(held)

    def replace_claims(self, claims: Sequence[Claims]) -> None:
        """Who is registered again claims these accounts only."""
        self.accounts.replace_claims(claims)

    def trace(self, text: str) -> str:
        """The same unreadable short text for the same text."""
        return self._secret.digest("trace", text, _TRACE_BYTES).hex()

    def gone(self, conference: str, attendee: str) -> bool:
        """Whether this id was erased."""
        return self._gone.has(conference, attendee)

    # -- the way back -------------------------------------------------------------------------------------------------

    def display(self, conference: str, attendees: Collection[str]) -> dict[str, Shown]:
        """What others may see; of nobody known: nothing but the id."""
        return self.people.display(conference, attendees)

    def originals(self, tokens: Collection[str]) -> dict[str, str]:
        """The post ids behind tokens; those erased or expired are not in it."""
        return self.posts.originals(tokens)

    def links(self, conference: str, after: str, most: int) -> list[tuple[Person, str]]:
        """A new link for each of a page of people, by id: in one transaction, so that nobody is erased in between."""
        with self._base.write():
            people = self.people.listed(conference, after, most)
            return [(person, self.keys.issue_link(conference, person.attendee)) for person in people]

    # -- forgetting ----------------------------------------------------------------------------------------------

    def erase(self, conference: str, attendee: str) -> Erased:
        """Erases a person here, bytes included; says what to erase elsewhere, then ``erasing.confirm``.

        First let the log have ``attendee.erased``: after this nobody can say any more whom it meant.
        """
        return self.erasing.erase(conference, [attendee])[0]

    def erase_conference(self, conference: str) -> None:
        """Erases everybody of a conference, after the event; once it is so everywhere, ``confirm`` it of ``""``."""
        self.erasing.erase_conference(conference)

    def attendees(self, conference: str) -> list[str]:
        """The ids of everybody of whom something is kept."""
        return [row[0] for row in self._base.read(_EVERYBODY, (conference, conference))]

    def tidy(self) -> None:
        """Once a day: takes out what expired, bytes included."""
        self.keys.expire()
        self.letter_keys.expire()
        self.posts.expire()
        self.accounts.expire(self._days)
        self._gone.expire(day(self._clock()) - self._days)
        self._base.clean(whole=True)
        self._posts_base.clean(whole=False)

    def close(self) -> None:
        """Nothing more."""
        self._base.close()
        self._posts_base.close()


_EVERYBODY = (
    "SELECT attendee FROM people WHERE conference = ? UNION SELECT attendee FROM holdings WHERE conference = ?"
    " ORDER BY attendee"
)
