"""What the directory keeps and what others ask it for: values, and the ports of the parts that use it.

Owns: the shapes. May never: know SQLite. Times are milliseconds since 1970, spans say their unit in the name.
Accounts are normalised texts (``x:ada``); tokens are ``p:`` and 24 hexadecimal digits, so they survive normalisation.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, Protocol

from msgspec import Struct

from schemas.times import DAY_MS

Role = Literal["attendee", "organizer", "connector", "operator"]
# lost: somebody else proved it later
Holding = Literal["claimed", "verified", "released", "lost"]

# Who speaks inside the server; ``connector:`` and one of these in a log is not a connector's.
RESERVED_CONNECTORS = frozenset({"verifier", "clock", "operator"})
EVIDENCE_DAYS = 400  # the contract's: so long a post counts, and so long its id keeps its token
BACKUPS_NOTE = (
    "Backups: erasing reaches the running files, not copies of them. Keep encrypted backups of the data folder for at "
    "most 30 days, and of `secret.key` apart from them. After restoring one, and before serving, erase once more "
    "everybody of whom the log has an `attendee.erased`: the log is newer than the backup. Post ids are sealed with a "
    "key of their account, so in a copy of `posts.sqlite` alone nobody can be read. Freed blocks of the disk are the "
    "disk's: encrypt it."
)


class Person(Struct, frozen=True, kw_only=True):
    """What the organizer and the attendee told about one attendee; ``show_…``: what others may see of it."""

    conference: str
    attendee: str
    name: str = ""
    email: str = ""
    picture: str = ""
    show_name: bool = False
    show_picture: bool = False


class Shown(Struct, frozen=True):
    """What another attendee may see."""

    attendee: str
    name: str | None
    picture: str | None


class Account(Struct, frozen=True, gc=False):
    """An account's row: ``number`` is what posts point to, ``seal`` what they are sealed with, ``seen`` a day."""

    number: int
    token: str
    seal: bytes
    seen: int


class PostRef(Struct, frozen=True, gc=False):
    """A post as it came in, or as a deletion names it (which may come first)."""

    id: str
    actor: str
    at: int


class NamedPost(Struct, frozen=True, gc=False):
    """A post and the token that stands for it. ``owner`` is the row of its author, for ``keep`` alone."""

    token: str
    id: str
    at: int
    owner: Account


class Held(Struct, frozen=True):
    """An attendee has, claims or gave up the account behind a token."""

    conference: str
    attendee: str
    token: str
    how: Holding


class Claims(Struct, frozen=True):
    """All that an attendee claims from now on."""

    conference: str
    attendee: str
    tokens: tuple[str, ...]


class Erased(Struct, frozen=True):
    """Who was erased, and what to erase elsewhere (journal views, Redis, state).

    ``accounts``: tokens that nobody can read any more. ``kept``: tokens of accounts that somebody else has verified.
    """

    conference: str
    attendee: str
    accounts: tuple[str, ...]
    kept: tuple[str, ...] = ()


class Grant(Struct, frozen=True, kw_only=True):
    """What a good key or session says about who holds it.

    ``checkins``: a connector may bring them; ``only_checkins``: and nothing else.
    """

    id: str
    role: Role
    subject: str
    conferences: tuple[str, ...]
    checkins: bool = False
    only_checkins: bool = False
    expires: int = 0


class KeyRow(Struct, frozen=True, kw_only=True):
    """A key as it may be listed: all but its secret. Times are milliseconds since 1970."""

    grant: Grant
    made: int
    last_used: int | None
    revoked: bool


class SessionRow(Struct, frozen=True):
    """A living session as its owner may see it. ``device``: in a few words, such as ``Firefox on Windows``."""

    id: str
    device: str
    made: int
    last_used: int | None
    expires: int


class SignIn(Struct, frozen=True):
    """That somebody signed in as an attendee. ``number`` counts the attendee's own."""

    number: int
    device: str
    at: int
    session: str


class Proof(Struct, frozen=True):
    """Accounts that an attendee has proved and the log is still to have. ``id`` is new for each proof."""

    id: str
    conference: str
    attendee: str
    account: str
    accounts: tuple[str, ...]
    at: int


class Tokens(Protocol):
    """What the door's translation needs."""

    def rows_for(self, accounts: Iterable[str]) -> Mapping[str, Account]:
        """The row, and with it the token, of each account; made where there is none."""
        ...

    def named_posts(self, posts: Sequence[PostRef], rows: Mapping[str, Account]) -> list[NamedPost]:
        """Each post with its token; changes nothing. ``rows``: at least those of the authors."""
        ...

    def hold(self, held: Sequence[Held]) -> None:
        """Remembers whose accounts these are, so that erasing finds them."""
        ...

    def replace_claims(self, claims: Sequence[Claims]) -> None:
        """Who is registered again claims these accounts only."""
        ...

    def trace(self, text: str) -> str:
        """The same unreadable short text for the same text."""
        ...


class DirectoryError(Exception):
    """The files cannot be used now; nothing was changed. May be asked again."""


class DirectoryFullError(DirectoryError):
    """There is no room for what was to be kept."""


class DirectoryBusyError(DirectoryError):
    """Somebody else reads the file, so its old pages cannot be overwritten yet. The erasure stays pending."""


class ErasedError(Exception):
    """This attendee was erased, so nothing is made for them: no link, no session."""


def day(moment: int) -> int:
    """The day of a moment."""
    return moment // DAY_MS
