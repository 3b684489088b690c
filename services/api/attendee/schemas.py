"""What an attendee's routes take and give.

Owns: these shapes. May never: have a field with another attendee's id. What is taken has no unknown fields: a misspelt
consent must not pass in silence.
"""

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from services.api.shared.sign_in_notices import SignInShown


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
    """An account as the log has it. ``verified``: it is mine by proof. ``claimed``: it counts without proof here.
    ``needs_proof``: it does not count. ``unfinished``: proved, and on its way into the log. ``lost``: somebody proved
    it after me."""

    account: str
    verified: bool
    state: Literal["verified", "claimed", "needs_proof", "unfinished", "lost"]


class Me(Struct, frozen=True):
    """The attendee as they stand. ``sign_ins``: on other devices, not dismissed on this one."""

    attendee: str
    name: str
    picture: str
    conference: ConferenceShown
    consent: ConsentShown
    present: bool
    place: str | None
    accounts: tuple[AccountShown, ...]
    sign_ins: tuple[SignInShown, ...]


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
