"""Request and response bodies of the attendee's routes.

Invariants: no body has a field with another attendee's id. Requests forbid unknown fields, so that a misspelt consent
is an error and not ignored.
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
    """The attendee's consents. ``show_name``: others may see the name."""

    matching: bool
    chats: bool
    share_place: bool
    show_name: bool


class AccountShown(Struct, frozen=True):
    """An account according to the log. ``verified``: proved. ``claimed``: it counts without proof here.
    ``needs_proof``: it does not count. ``unfinished``: proved, and on its way into the log. ``lost``: somebody else
    proved it later."""

    account: str
    verified: bool
    state: Literal["verified", "claimed", "needs_proof", "unfinished", "lost"]


class Me(Struct, frozen=True):
    """The attendee's current state. ``sign_ins``: on other devices, not dismissed on this one."""

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
    """An answer to a card. ``here`` needs ``place``."""

    card: str
    answer: Literal["accepted", "later", "declined", "met", "not_met", "here"]
    place: str | None = None


class At(Struct, forbid_unknown_fields=True):
    """A place, or null for no particular one."""

    place: str | None = None


class ConsentGiven(Struct, forbid_unknown_fields=True):
    """The consents to change; others stay as they are. ``matching: false`` pauses matching."""

    matching: bool | UnsetType = UNSET
    chats: bool | UnsetType = UNSET
    share_place: bool | UnsetType = UNSET
    show_name: bool | UnsetType = UNSET


class CardNamed(Struct, forbid_unknown_fields=True):
    """A card of the attendee's inbox."""

    card: str


class Unblock(Struct, forbid_unknown_fields=True):
    """``blocked``: the handle from the list of blocks."""

    blocked: str


class Blocked(Struct, frozen=True):
    """Somebody who was blocked: a handle for unblocking, and what they show of themselves."""

    blocked: str
    name: str | None
    picture: str | None
