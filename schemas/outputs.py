"""The matcher's outputs, ties and dead letters, as Structs of the public contract."""

from typing import Literal

from msgspec import Struct

from schemas.events import Account, Hashtag, Id, PlainId, Time

Kind = Literal["conversation", "chat"]
Cause = Literal["left", "expired", "consent_withdrawn", "erased", "declined", "blocked", "unproved"]


class Reason(Struct, frozen=True, kw_only=True):
    """Why two people know each other: ``count`` posts of a conversation, or common sessions of a chat.

    ``posts``: the newest 5 ids, newest first. ``hashtag`` of a conversation: the most frequent in its posts, or null.
    """

    kind: Kind
    hashtag: Hashtag | None
    count: int
    last_at: Time
    posts: tuple[str, ...]


class Output(Struct, frozen=True, kw_only=True, tag_field="type"):
    """The fields of every output. ``position``: "n-index"; ``to``: the attendees who may see it now.

    ``id`` does not reveal who else is in ``to``.
    """

    id: Id
    at: Time
    conference: PlainId
    match: Id
    caused_by: Id
    position: str
    to: tuple[PlainId, ...]


class MatchSuggested(Output, frozen=True, kw_only=True, tag="match.suggested"):
    """Two people who know each other are present. ``score`` has 4 decimals."""

    attendees: tuple[PlainId, PlainId]
    score: float
    reasons: tuple[Reason, ...]
    near: bool


class MatchAgreed(Output, frozen=True, kw_only=True, tag="match.agreed"):
    """Both accepted."""

    attendees: tuple[PlainId, PlainId]
    places: dict[PlainId, PlainId | None]


class MatchLocated(Output, frozen=True, kw_only=True, tag="match.located"):
    """One of the two shares their location."""

    attendee: PlainId
    place: PlainId


class MatchWithdrawn(Output, frozen=True, kw_only=True, tag="match.withdrawn"):
    """The match ended for those in ``to``."""

    attendees: tuple[PlainId, PlainId]
    cause: Cause


AnyOutput = MatchSuggested | MatchAgreed | MatchLocated | MatchWithdrawn


class Tie(Struct, frozen=True, kw_only=True):
    """A pair of attendees with evidence of knowing each other; a < b."""

    a: PlainId
    b: PlainId
    score: float
    known: bool
    reasons: tuple[Reason, ...]


class DeadLetter(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Input that could not be read: the reason, the field, the source and position, and its bytes (base64).

    ``conference``: the one that it names, if it is the sender's. ``sealed``: the id of the key that encrypts it.
    """

    reason: str
    field: str | None
    source: str
    position: int
    bytes: str
    at: Time | None
    conference: PlainId | None = None
    sealed: str | None = None


__all__ = [
    "Account",
    "AnyOutput",
    "DeadLetter",
    "MatchAgreed",
    "MatchLocated",
    "MatchSuggested",
    "MatchWithdrawn",
    "Reason",
    "Tie",
]
