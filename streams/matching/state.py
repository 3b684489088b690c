"""The state of one conference: plain data, filled by the modules beside this one.

Owns: what is remembered. May never: decide anything.
A *stamp* is ``at << 32 | order``: "the later ``at`` wins, for equal ``at`` the later in the log" is one comparison
of integers.
Accounts are known by number inside; only ``Account.text`` holds the name, and erasure takes it away.
``gc=False``: numbers instead of references keep the state free of cycles.
"""

from msgspec import Struct, field

from schemas.events import Input
from schemas.outputs import Reason
from schemas.policy import Policy

ORDER_BITS = 32  # 4 billion records a conference
NEVER = -1

NOT_UPLOADED = 0  # a connector or an organizer brought the post
UPLOADED = 1  # the attendee who has the account by the present proof
UPLOADED_BEFORE = 2  # an attendee who had the account by an earlier proof


class Post(Struct, gc=False):
    """A post that counts: who wrote it, whom it addressed (account numbers), its hashtags, who brought it.

    No targets: no conversation.
    """

    stamp: int
    author: int
    id: str
    targets: tuple[int, ...]
    tags: tuple[str, ...]
    upload: int = NOT_UPLOADED


class Account(Struct, gc=False):
    """An account, registered or not, and the evidence that it wrote.

    ``sent``: posts by the account addressed. ``senders``: the accounts that addressed this one; ``mutual``: how many
    are in both. ``sessions``: its posts by session number. ``claims``: attendee -> rank. ``cut_at``: posts before
    are evidence for nobody. ``moved``: it belonged to somebody before who has it no more.
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

    ``doubles``: authors that are another account of a person who is counted already. ``uploads``: account number -> how
    many of its posts an owner uploaded; empty in nearly all. ``outside``: the accounts of authors who are not in the
    session, for all that they posted in it they uploaded themselves, and nobody else speaks for them; ``absent``: how
    many people these are.
    """

    tag: str
    start: int
    end: int
    authors: dict[int, int] = field(default_factory=dict)
    doubles: int = 0
    uploads: dict[int, int] = field(default_factory=dict)
    outside: set[int] = field(default_factory=set)
    absent: int = 0


class Told(Struct, gc=False, frozen=True):
    """A suggestion that a person got: when, and the input that caused it."""

    at: int
    cause: str


class Block(Struct, gc=False, frozen=True):
    """What an attendee last said of another: blocked or not."""

    stamp: int
    on: bool


class Attendee(Struct, gc=False):
    """A person at the conference, registered or only heard of."""

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
    told: list[Told] = field(default_factory=list)


class Said(Struct, gc=False, frozen=True):
    """A standing answer of one of the two, and the input that brought it."""

    stamp: int
    answer: str
    cause: str


class Meeting(Struct, gc=False, frozen=True):
    """What one of the two last said of meeting the other: the place that they told, and when that it was not yet."""

    attendee: str
    place: str | None = None
    not_met: int = NEVER


class Card(Struct, gc=False):
    """The newest match of a pair. ``gone``: to whom it was withdrawn. ``meeting``: of who said something, one each.

    ``reminded``: to whom it was suggested once more. ``barred``: no agreement and no other match may come of it.
    ``reasons``: the ones put out first, while the card is open. ``again_at``: when a new match may come, or NEVER.
    """

    match: str
    a: str
    b: str
    withdrawals: int
    chats_only: bool
    said: dict[str, Said] = field(default_factory=dict)
    here: dict[str, int] = field(default_factory=dict)
    meeting: tuple[Meeting, ...] = ()
    agreed: bool = False
    barred: bool = False
    reminded: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    ended: bool = False
    gone: tuple[str, ...] = ()
    again_at: int = NEVER
    cause: str = ""

    def holders(self) -> tuple[str, ...]:
        """Those who still have the card."""
        return () if self.ended else tuple([person for person in (self.a, self.b) if person not in self.gone])

    def other(self, attendee: str) -> str:
        """The other one of the two."""
        return self.b if attendee == self.a else self.a


class Grave(Struct, gc=False, frozen=True):
    """What stays of an erased account: its number, and the time before which its posts are evidence for nobody."""

    no: int
    cut_at: int


class ChatDay(Struct, frozen=True, gc=False):
    """A declared chat: a weekly window, or (weekday None) each UTC day."""

    tag: str
    weekday: int | None
    start: str | None
    minutes: int | None
    zone: str | None


Waiting = tuple[Input, int, int | None]  # an event, its ``at``, its ``recorded_at``


class State(Struct):
    """Everything about one conference. The last part can be made again from the rest (``snapshot`` leaves it out)."""

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
    graves: dict[str, Grave] = field(default_factory=dict)
    attendees: dict[str, Attendee] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)
    cards: dict[tuple[str, str], Card] = field(default_factory=dict)
    timers: list[tuple[int, int, str, str]] = field(default_factory=list)
    early: list[Waiting] = field(default_factory=list)  # what came before the opening
    # Made from the above:
    numbers: dict[str, Account] = field(default_factory=dict)
    sessions: dict[int, Session] = field(default_factory=dict)
    session_numbers: dict[tuple[str, int, int], int] = field(default_factory=dict)
    matches: dict[str, Card] = field(default_factory=dict)  # those that have not ended
    cards_of: dict[str, dict[str, Card]] = field(default_factory=dict)  # attendee -> the other -> their newest match
    here: set[int] = field(default_factory=set)
    room_wakes: dict[str, int] = field(default_factory=dict)  # attendee -> when the last timer for room wakes them
