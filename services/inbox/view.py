"""The view of an output that an attendee may see.

Responsibility: the redaction.
Invariants: a view never has ``cause``, ``caused_by``, an output's id, another attendee's id, a post or a score, nor
anything that tells one withdrawal from another: not even ``at``, because a lapse has the exact time of day of an
arrival. Nor whether the other person is near: that reveals where they are before both agreed. A new field must be added
to the property test that looks for forbidden content.
Names and pictures are not here: the API adds them from the directory, as their owners allow.
"""

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from schemas.outputs import AnyOutput, Kind, MatchAgreed, MatchLocated, MatchSuggested, Reason

VIEW_VERSION = "3"  # a new number makes existing inboxes be rebuilt from the log


class Why(Struct, frozen=True, kw_only=True):
    """A reason as in the contract, without its posts: even one's own post names the other, whose name may be hidden."""

    kind: Kind
    hashtag: str | None
    count: int
    last_at: str


class View(Struct, frozen=True, kw_only=True, tag_field="kind"):
    """The base of every view: ``card`` is the match, which an answer names."""

    card: str


class Suggested(View, frozen=True, kw_only=True, tag="suggested"):
    """Somebody you know is here."""

    at: str
    why: tuple[Why, ...]


class Agreed(View, frozen=True, kw_only=True, tag="agreed"):
    """Both said yes. A place is null if its owner does not share it."""

    at: str
    your_place: str | None
    their_place: str | None


class Located(View, frozen=True, kw_only=True, tag="located"):
    """The other person says where they are."""

    at: str
    their_place: str


class Withdrawn(View, frozen=True, kw_only=True, tag="withdrawn"):
    """The card is over. All withdrawals look the same."""


AnyView = Suggested | Agreed | Located | Withdrawn


class Card(Struct, frozen=True, kw_only=True):
    """A card as it is now; ``cursor`` is that of its newest entry."""

    card: str
    cursor: int
    at: str
    why: tuple[Why, ...]
    agreed_at: str | None = None
    your_place: str | None = None
    their_place: str | None = None


def build_view(output: AnyOutput, attendee: str) -> AnyView:
    """The output as this attendee, one of its ``to``, may see it."""
    if isinstance(output, MatchSuggested):
        why = tuple(map(_to_why, output.reasons))
        return Suggested(card=output.match, at=output.at, why=why)
    if isinstance(output, MatchAgreed):
        mine, theirs = output.places.get(attendee), output.places.get(other_attendee(output, attendee))
        return Agreed(card=output.match, at=output.at, your_place=mine, their_place=theirs)
    if isinstance(output, MatchLocated):
        return Located(card=output.match, at=output.at, their_place=output.place)
    return Withdrawn(card=output.match)


def other_attendee(output: AnyOutput, attendee: str) -> str:
    """The other of the match's two people; for the server only."""
    if isinstance(output, MatchLocated):
        return output.attendee
    one, two = output.attendees
    return two if attendee == one else one


def _to_why(reason: Reason) -> Why:
    return Why(kind=reason.kind, hashtag=reason.hashtag, count=reason.count, last_at=reason.last_at)


def encode_view(view: AnyView) -> bytes:
    """One JSON object, without line breaks."""
    return msgspec.json.encode(view)


_READ = msgspec.json.Decoder(AnyView)


def build_card(parts: Mapping[str, tuple[int, bytes]]) -> Card:
    """Builds a card from its newest entries by kind, each (cursor, view); ``suggested`` must be among them."""
    read = {kind: _READ.decode(view) for kind, (_, view) in parts.items()}
    suggested, agreed, located = read["suggested"], read.get("agreed"), read.get("located")
    assert isinstance(suggested, Suggested)
    cursor = max(cursor for cursor, _ in parts.values())
    card = Card(card=suggested.card, cursor=cursor, at=suggested.at, why=suggested.why)
    if isinstance(agreed, Agreed):
        places = {"your_place": agreed.your_place, "their_place": agreed.their_place}
        card = msgspec.structs.replace(card, agreed_at=agreed.at, **places)
    if isinstance(located, Located):
        card = msgspec.structs.replace(card, their_place=located.their_place)
    return card
