"""What an attendee's routes take and give.

Owns: these shapes. May never: have a field with another attendee's id. What is taken has no unknown fields: a misspelt
consent must not pass in silence.
"""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType


class PlaceNamed(Struct, frozen=True):
    """A place of the conference."""

    place: str
    name: str


class ConferenceShown(Struct, frozen=True):
    """The conference of the session."""

    id: str
    name: str
    time_zone: str
    places: tuple[PlaceNamed, ...]
    closed: bool


class ConsentShown(Struct, frozen=True):
    """What the attendee agreed to. ``show_name``: others may see the name."""

    matching: bool
    chats: bool
    share_place: bool
    show_name: bool


class AccountShown(Struct, frozen=True):
    """An account, and whether it was proved."""

    account: str
    verified: bool


class Me(Struct, frozen=True):
    """The attendee as they stand."""

    attendee: str
    name: str
    picture: str
    conference: ConferenceShown
    consent: ConsentShown
    present: bool
    place: str | None
    accounts: tuple[AccountShown, ...]


class AnswerGiven(Struct, forbid_unknown_fields=True):
    """``here`` names a place."""

    card: str
    answer: Literal["accepted", "later", "declined", "met", "not_met", "here"]
    place: str | None = None


class At(Struct, forbid_unknown_fields=True):
    """Where, or nowhere in particular."""

    place: str | None = None


class ConsentGiven(Struct, forbid_unknown_fields=True):
    """What is named changes; pause is ``matching: false``."""

    matching: bool | UnsetType = UNSET
    chats: bool | UnsetType = UNSET
    share_place: bool | UnsetType = UNSET
    show_name: bool | UnsetType = UNSET


class CardNamed(Struct, forbid_unknown_fields=True):
    """A card of the own inbox."""

    card: str


class Unblock(Struct, forbid_unknown_fields=True):
    """``blocked`` as in the list of blocks."""

    blocked: str


class Blocked(Struct, frozen=True):
    """Somebody who was blocked: a handle for unblocking, and what may be seen of them."""

    blocked: str
    name: str | None
    picture: str | None
