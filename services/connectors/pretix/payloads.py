"""pretix's answers and webhooks, as far as they are read. Unknown fields are ignored; a row that does not fit is not
guessed at.

Why: an answer of a few MB may have millions of parts, so each list has a bound, above which its row is unreadable.
"""

from typing import Annotated, Literal

from msgspec import Meta, Raw, Struct

OrderCode = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9\-]{1,64}\Z")]  # it becomes part of a path
Number = Annotated[int, Meta(ge=1, le=2**53)]
PAGE_ROWS = 50  # pretix's most
MOST_POSITIONS = 1_000  # of an order: a group's
MOST_CHECKINS = 1_000  # of a ticket: weeks of going in and out
MOST_ORDER_CHECKINS = 10_000  # of all tickets of an order
MOST_LIMITS = 10_000  # products of a check-in list


class Page(Struct, frozen=True):
    """A page of a list. Of ``next`` only whether there is one counts: the address in it is not followed."""

    count: int
    results: Annotated[list[Raw], Meta(max_length=PAGE_ROWS)]
    next: str | None = None


class Named(Struct, frozen=True):
    """A check-in list."""

    id: int
    name: str
    all_products: bool = True
    limit_products: Annotated[tuple[int, ...], Meta(max_length=MOST_LIMITS)] = ()


class Event(Struct, frozen=True):
    """An event; its name by language."""

    slug: str
    name: dict[str, str] | str = ""


class Product(Struct, frozen=True):
    """A product. ``admission``: whether it lets a person in."""

    id: int
    admission: bool = True


class Checkin(Struct, frozen=True):
    """A scan. ``created`` is when the server got it, ``datetime`` when it happened: offline scanners upload late.

    An annulled one has ``successful`` false. Exits come under the same action as entries: ``type`` tells them apart.
    """

    id: int
    datetime: str
    list: int
    type: Literal["entry", "exit"] = "entry"
    gate: int | None = None
    position: int | None = None
    created: str | None = None
    successful: bool = True
    error_reason: str | None = None


class Position(Struct, frozen=True):
    """A ticket. Its id and secret stay when it is passed on. ``checkins``: each a Checkin, or unreadable."""

    id: int
    item: int
    order: OrderCode | None = None
    attendee_name: str | None = None
    attendee_email: str | None = None
    addon_to: int | None = None
    canceled: bool = False
    checkins: Annotated[tuple[Raw, ...], Meta(max_length=MOST_CHECKINS)] = ()


class Placed(Struct, frozen=True):
    """A ticket, as far as it says in which order it is."""

    order: OrderCode | None = None


class Order(Struct, frozen=True):
    """An order. ``status``: n pending, p paid, e expired, c canceled."""

    code: OrderCode
    status: str
    positions: Annotated[tuple[Position, ...], Meta(max_length=MOST_POSITIONS)]
    email: str | None = None
    datetime: str = ""
    valid_if_pending: bool = False

    def __post_init__(self) -> None:
        if sum(len(position.checkins) for position in self.positions) > MOST_ORDER_CHECKINS:
            raise ValueError("It has too many check-ins.")


class Hook(Struct, frozen=True):
    """A webhook's body. It is thin: no time, no gate, no name."""

    organizer: str
    action: str
    event: str | None = None
    code: OrderCode | None = None
    orderposition_id: Number | None = None
    checkin_list: Number | None = None


class Hooked(Struct, frozen=True):
    """What a webhook pointed at, as it is stored until it was read."""

    what: Literal["checkin", "reverted", "order"]
    position: int = 0
    list: int = 0
    code: str = ""
