"""The steps of an explanation: one Struct per condition, with its facts as fields. Times are ms since 1970.

Invariants:
- A step holds only facts. Sentences are made where they are shown.
- Whoever shows steps to a role lists the fields that this role may see (an allowlist), never those to leave out. So a
  new step or field stays hidden from everybody but the tester until it is listed.
"""

from typing import Literal

from msgspec import Struct

EarlierState = Literal["none", "open", "free", "waits", "met", "over"]


class Step(Struct, frozen=True, tag_field="name"):
    """One condition of a suggestion, or a related fact."""

    @property
    def name(self) -> str:
        """What the step is about."""
        return str(self.__struct_config__.tag)

    @property
    def ok(self) -> bool | None:
        """Whether the condition holds; None if it decides nothing by itself."""
        return None


# -- the conference and its people -----------------------------------------------------------------------------------


class Conference(Step, frozen=True, tag="conference"):
    """Whether it is open."""

    opened: bool
    closed: bool

    @property
    def ok(self) -> bool:
        """Opened, and not closed."""
        return self.opened and not self.closed


class Registered(Step, frozen=True, tag="registered"):
    """``at``: the last registration; None: there is none."""

    attendee: str
    at: int | None
    erased: bool

    @property
    def ok(self) -> bool:
        """Registered, and not erased."""
        return self.at is not None and not self.erased


class Consent(Step, frozen=True, tag="consent"):
    """One person's consent to be matched."""

    attendee: str
    matching: bool

    @property
    def ok(self) -> bool:
        """Given."""
        return self.matching


class Present(Step, frozen=True, tag="present"):
    """The last arrival, departure and sign; ``place``: of the arrival; ``lapses``: when the sign expires."""

    attendee: str
    here: bool
    arrived: int | None
    left: int | None
    place: str | None
    sign: int
    lapses: int

    @property
    def ok(self) -> bool:
        """Here now."""
        return self.here


# -- evidence --------------------------------------------------------------------------------------------------------


class Accounts(Step, frozen=True, tag="accounts"):
    """``accounts``: those that count; ``claims``: all that the person named."""

    attendee: str
    accounts: tuple[str, ...]
    claims: tuple[str, ...]


class Conversation(Step, frozen=True, tag="conversation"):
    """Posts of each to the other, on how many UTC days, and what the policy requires."""

    a: str
    b: str
    a_to_b: int
    b_to_a: int
    days: int
    enough: bool
    known_each: int
    known_posts: int
    known_days: int


class Chats(Step, frozen=True, tag="chats"):
    """``silent``: who did not consent, so that chats do not count. ``sizes``: of the common sessions, ascending.

    ``weight`` and ``chat_weight`` are thousandths."""

    silent: tuple[str, ...]
    sizes: tuple[int, ...]
    weight: int
    chat_sessions: int
    chat_weight: int


class Known(Step, frozen=True, tag="known"):
    """``ways``: how they know each other; ``points``: the score in ten-thousandths."""

    ways: tuple[Literal["conversation", "chat"], ...]
    points: int
    a_to_b: int
    b_to_a: int
    sessions: int

    @property
    def ok(self) -> bool:
        """In one way at least."""
        return bool(self.ways)


# -- blocks, earlier matches, budgets --------------------------------------------------------------------------------


class Blocked(Step, frozen=True, tag="blocked"):
    """``blocks``: who blocked whom of the two."""

    blocks: tuple[tuple[str, str], ...]

    @property
    def ok(self) -> bool:
        """Neither the other."""
        return not self.blocks


class Earlier(Step, frozen=True, tag="earlier", kw_only=True):
    """The newest match of the two; ``match`` None: they were never suggested to each other.

    ``said``: who gave which answer, by ids; ``gone``: from whom an open one was withdrawn; ``again``: when a new
    match may come; ``reminders``: who gets an open one again, and when; ``due``: one of these is due now."""

    match: str | None = None
    state: EarlierState = "none"
    said: tuple[tuple[str, str], ...] = ()
    gone: tuple[str, ...] = ()
    agreed: bool = False
    again: int | None = None
    reminders: tuple[tuple[str, int], ...] = ()
    due: bool = False

    @property
    def ok(self) -> bool:
        """A suggestion may come, as far as the earlier ones go."""
        return self.state in ("none", "free") or (self.state == "open" and self.due)


class Budget(Step, frozen=True, tag="room"):
    """Suggestions in the last 60 minutes and 24 hours, and the limits. ``frees``: when one more fits; None: never."""

    attendee: str
    in_hour: int
    in_day: int
    per_hour: int
    per_day: int
    frees: int | None
    is_within_budget: bool

    @property
    def ok(self) -> bool:
        """One more fits now."""
        return self.is_within_budget


PairStep = (
    Conference | Registered | Consent | Present | Accounts | Conversation | Chats | Known | Blocked | Earlier | Budget
)


# -- rules: the same for everybody at the conference -----------------------------------------------------------------


class PresenceRule(Step, frozen=True, tag="presence_rule"):
    """How long a sign of presence counts."""

    presence_hours: int


class ConversationRule(Step, frozen=True, tag="conversation_rule"):
    """What makes two known to each other by posts."""

    known_each: int
    known_posts: int
    known_days: int


class ChatsRule(Step, frozen=True, tag="chats_rule"):
    """The chats that are declared, and what makes two known to each other by them; ``chat_weight`` in thousandths."""

    hashtags: tuple[str, ...]
    chat_sessions: int
    chat_weight: int


class BudgetRule(Step, frozen=True, tag="budget_rule"):
    """The most suggestions that one person gets."""

    per_hour: int
    per_day: int


RuleStep = PresenceRule | ConversationRule | ChatsRule | BudgetRule
