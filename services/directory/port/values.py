"""The directory's values, as frozen Structs.

Times are milliseconds since 1970. Accounts are normalized texts (``x:ada``). Tokens are ``p:`` and 24 hexadecimal
digits, which normalization leaves as they are.
"""

from enum import Enum
from typing import Literal

from msgspec import Struct

from schemas.times import DAY_MS

Role = Literal["attendee", "organizer", "connector", "operator"]
# lost: somebody else proved it later
Holding = Literal["claimed", "verified", "released", "lost"]
CheckState = Literal["verified", "not_found", "expired", "too_many"]
Action = Literal["letter.shown", "letter.tried", "letter.sent"]


class Person(Struct, frozen=True, kw_only=True):
    """What the organizer and the attendee entered about one attendee; ``show_…``: what others may see of it."""

    conference: str
    attendee: str
    name: str = ""
    email: str = ""
    picture: str = ""
    show_name: bool = False
    show_picture: bool = False


class Shown(Struct, frozen=True):
    """What other attendees may see of somebody."""

    attendee: str
    name: str | None
    picture: str | None


class Account(Struct, frozen=True, gc=False):
    """An account's row. ``number``: referred to by posts. ``seal``: the key that encrypts them. ``seen``: a day."""

    number: int
    token: str
    seal: bytes
    seen: int


class PostRef(Struct, frozen=True, gc=False):
    """A post, or the post that a deletion names (which may come first)."""

    id: str
    actor: str
    at: int


class NamedPost(Struct, frozen=True, gc=False):
    """A post and its token. ``owner``: the author's row, used to index the post."""

    token: str
    id: str
    at: int
    owner: Account


class Held(Struct, frozen=True):
    """An attendee's relation to the account behind a token."""

    conference: str
    attendee: str
    token: str
    how: Holding


class Claims(Struct, frozen=True):
    """All accounts that an attendee claims from now on."""

    conference: str
    attendee: str
    tokens: tuple[str, ...]


class Erased(Struct, frozen=True):
    """An erased attendee, and what to erase elsewhere (journal views, Redis, state).

    ``accounts``: tokens that cannot be resolved any more. ``kept``: tokens of accounts that somebody else has verified.
    """

    conference: str
    attendee: str
    accounts: tuple[str, ...]
    kept: tuple[str, ...] = ()


class Grant(Struct, frozen=True, kw_only=True):
    """The rights of the holder of a valid key or session.

    ``checkins``: a connector may send check-ins; ``only_checkins``: and nothing else.
    """

    id: str
    role: Role
    subject: str
    conferences: tuple[str, ...]
    checkins: bool = False
    only_checkins: bool = False
    expires: int = 0


class KeyRow(Struct, frozen=True, kw_only=True):
    """A key without its secret. Times are milliseconds since 1970."""

    grant: Grant
    made: int
    last_used: int | None
    revoked: bool


class SessionRow(Struct, frozen=True):
    """A live session as its owner may see it. ``device``: in a few words, such as ``Firefox on Windows``."""

    id: str
    device: str
    made: int
    last_used: int | None
    expires: int


class SignIn(Struct, frozen=True):
    """A sign-in as an attendee. ``number`` counts the attendee's sign-ins."""

    number: int
    device: str
    at: int
    session: str


class NoLink(Enum):
    """Why no link was made."""

    UNKNOWN = "nobody is registered under this id"
    SIGNED_IN = "this person has signed in"
    ENDED = "the session that asks has ended"
    FULL = "this person has as many sessions as may be"


class NewSession(Struct, frozen=True):
    """A new session. ``token`` goes into the cookie."""

    token: str
    grant: Grant


class Proof(Struct, frozen=True):
    """Accounts that an attendee has proved, for the log. ``id`` is new for each proof."""

    id: str
    conference: str
    attendee: str
    account: str
    accounts: tuple[str, ...]
    at: int


class PublicProfile(Struct, frozen=True):
    """What an account shows publicly: the profile's text and its own newest posts. Empty: there is no such account.

    ``names``: further names of the same account, such as one that stays when the handle changes.
    """

    texts: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


class CodeCheck(Struct, frozen=True):
    """The result of checking a code. ``proof``: for the log, where the code was found."""

    state: CheckState
    proof: Proof | None = None


class LetterKey(Struct, frozen=True):
    """A key of dead letters. ``name``: written in the letters. Either ``conference`` or ``sender`` is empty."""

    name: str
    conference: str
    sender: str
    day: int


class AuditEntry(Struct, frozen=True):
    """An audit entry. ``at``: ms since 1970. ``key``: public id of the key or session. ``what``: a letter's number."""

    number: int
    at: int
    role: str
    subject: str
    key: str
    action: Action
    what: int


def day(moment: int) -> int:
    """The day of a time in ms since 1970."""
    return moment // DAY_MS
