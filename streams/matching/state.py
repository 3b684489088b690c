"""The state of one conference: plain data that the other modules of this package fill.

Invariants: nothing is decided here. A *stamp* is ``at << 32 | order``, so "the later ``at`` wins, and for equal ``at``
the later record" is one comparison of integers. Inside, accounts are known by number; only ``Account.text`` holds the
name, and erasure removes it.
Why: ``gc=False`` and numbers instead of references keep the state free of reference cycles. Fields that snapshots store
keep their stored name (``field(name=...)``).
"""

from msgspec import Struct, field

from schemas.events import Input
from schemas.outputs import Reason
from schemas.policy import Policy

ORDER_BITS = 32  # 4 billion records a conference
NEVER = -1

NOT_UPLOADED = 0  # the post came from a connector or an organizer
UPLOADED = 1  # uploaded by the attendee who owns the account now
UPLOADED_BEFORE = 2  # uploaded by an attendee who owned the account before


class Post(Struct, gc=False):
    """A post that counts: its author, whom it addresses (account numbers), its hashtags, who uploaded it.

    Without targets it is no conversation.
    """

    stamp: int
    author: int
    id: str
    targets: tuple[int, ...]
    tags: tuple[str, ...]
    upload: int = NOT_UPLOADED


class Account(Struct, gc=False):
    """An account, registered or not, and the evidence in its posts.

    ``sent``: posts by addressed account. ``senders``: the accounts that addressed this one; ``mutual``: how many
    accounts are in both. ``sessions``: its posts by session number. ``claims``: attendee -> rank. ``cut_at``: earlier
    posts are nobody's evidence. ``moved``: it had another owner before.
    """

    no: int
    text: str
    posts: list[Post] = field(default_factory=list)
    sent: dict[int, list[Post]] = field(default_factory=dict)
    senders: dict[int, None] = field(default_factory=dict)
    mutual: int = 0
    sessions: dict[int, list[Post]] = field(default_factory=dict)
    claims: dict[str, int] = field(default_factory=dict)
    verified: str | None = None
    owner: str | None = None
    cut_at: int = NEVER
    moved: bool = False


class Session(Struct, gc=False):
    """One occurrence of a chat. ``authors``: account number -> its posts that are not deleted.

    ``duplicate_accounts``: how many authors are a further account of a person who is already counted. ``uploads``:
    account number -> how many of its posts an owner uploaded; nearly always empty. ``outside``: accounts of authors who
    do not count as participants: they uploaded all their posts in it themselves, and nobody else's post confirms that
    they were there. ``absent``: how many people these are.
    """

    tag: str
    start: int
    end: int
    authors: dict[int, int] = field(default_factory=dict)
    duplicate_accounts: int = 0
    uploads: dict[int, int] = field(default_factory=dict)
    outside: set[int] = field(default_factory=set)
    absent: int = 0


class Suggestion(Struct, gc=False, frozen=True):
    """A suggestion that a person got: when (ms), and the id of the input that caused it."""

    at: int
    cause: str


class Block(Struct, gc=False, frozen=True):
    """The newest block or unblock of another attendee."""

    stamp: int
    on: bool


class Attendee(Struct, gc=False):
    """A person at the conference: registered, or only mentioned by other events."""

    id: str
    registered: int = NEVER
    claims: tuple[str, ...] = ()
    accounts: list[int] = field(default_factory=list)
    matching: bool = False
    chats: bool = False
    share_place: bool = False
    consented: dict[str, int] = field(default_factory=dict)
    arrived: int = NEVER
    place: str | None = None
    left: int = NEVER
    left_places: dict[str, int] = field(default_factory=dict)
    sign_at: int = NEVER
    sign_cause: str = ""
    blocks: dict[str, Block] = field(default_factory=dict)
    suggestions: list[Suggestion] = field(default_factory=list, name="told")


class Answer(Struct, gc=False, frozen=True):
    """The current answer of one of the two, and the id of the input that gave it."""

    stamp: int
    answer: str
    cause: str


class Meeting(Struct, gc=False, frozen=True):
    """What one of the two last said about meeting: the place they named, and when they said that they had not met."""

    attendee: str
    place: str | None = None
    not_met: int = NEVER


class Card(Struct, gc=False):
    """The newest match of a pair. ``withdrawn_from``: who no longer has it. ``meeting``: at most one entry a person.

    ``reminded``: who got it suggested a second time. ``barred``: it can lead to no agreement and to no new match.
    ``reasons``: the first suggestion's, while the card is open. ``again_at``: when a new match may come, or NEVER.
    """

    match: str
    a: str
    b: str
    withdrawals: int
    chats_only: bool
    answers: dict[str, Answer] = field(default_factory=dict, name="said")
    here: dict[str, int] = field(default_factory=dict)
    meeting: tuple[Meeting, ...] = ()
    agreed: bool = False
    barred: bool = False
    reminded: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    ended: bool = False
    withdrawn_from: tuple[str, ...] = field(default=(), name="gone")
    again_at: int = NEVER
    cause: str = ""

    def holders(self) -> tuple[str, ...]:
        """Those who still have the card."""
        return () if self.ended else tuple([person for person in (self.a, self.b) if person not in self.withdrawn_from])

    def other(self, attendee: str) -> str:
        """The other one of the two."""
        return self.b if attendee == self.a else self.a


class AccountTombstone(Struct, gc=False, frozen=True):
    """What is left of an erased account: its number, and the time before which its posts are nobody's evidence."""

    no: int
    cut_at: int


class ChatDay(Struct, frozen=True, gc=False):
    """A declared chat: a weekly window, or (weekday None) each UTC day."""

    tag: str
    weekday: int | None
    start: str | None
    minutes: int | None
    zone: str | None


EarlyRecord = tuple[Input, int, int | None]  # an event, its ``at``, its ``recorded_at``


class State(Struct):
    """Everything about one conference. Snapshots leave out the last part, which is derived from the rest."""

    conference: str
    policy: Policy = Policy()
    opened: bool = False
    closed: bool = False
    organizer: str | None = None
    chats: tuple[ChatDay, ...] = ()
    now: int = NEVER
    applied: int = 0
    next_account: int = 0
    next_session: int = 0
    next_rank: int = 0
    recent: dict[str, int] = field(default_factory=dict)
    older: dict[str, int] = field(default_factory=dict)
    late: dict[str, int] = field(default_factory=dict)  # digests of ids of posts that count for less than 7 days more
    turned_at: int = NEVER
    posts: dict[str, Post] = field(default_factory=dict)
    buried: dict[str, Post] = field(default_factory=dict)
    deletions: dict[str, dict[str, int]] = field(default_factory=dict)  # post id -> digest of the actor -> when
    accounts: dict[int, Account] = field(default_factory=dict)
    graves: dict[str, AccountTombstone] = field(default_factory=dict)
    attendees: dict[str, Attendee] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)
    cards: dict[tuple[str, str], Card] = field(default_factory=dict)
    timers: list[tuple[int, int, str, str]] = field(default_factory=list)
    early: list[EarlyRecord] = field(default_factory=list)  # records from before the opening
    # Derived from the above:
    accounts_by_name: dict[str, Account] = field(default_factory=dict)
    sessions: dict[int, Session] = field(default_factory=dict)
    session_numbers: dict[tuple[str, int, int], int] = field(default_factory=dict)
    matches: dict[str, Card] = field(default_factory=dict)  # those that have not ended
    cards_of: dict[str, dict[str, Card]] = field(default_factory=dict)  # attendee -> the other -> their newest match
    budget_timers: dict[str, int] = field(default_factory=dict)  # who is over budget, until their timer is due (ms)
    available_accounts: set[int] = field(default_factory=set)  # of people who are present and not over budget
