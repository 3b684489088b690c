"""What an attendee gets to see of the outputs.

Owns: the redaction (guarantee 6). May never: carry ``cause``, ``caused_by``, an output's id, another attendee's id, a
post, a score, or anything by which one withdrawal differs from another: not even ``at``, for a lapse has the very time
of day of an arrival. Nor whether the other one is near: that tells where they are, and is nobody's before both agreed.
Whoever adds a field adds it to the property test that looks for what is forbidden.
Names and pictures are not here: the gateway adds them from the directory, as their owners allowed.
"""

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from schemas.outputs import AnyOutput, Kind, MatchAgreed, MatchLocated, MatchSuggested, Reason

VIEW_VERSION = "3"  # another number, and inboxes written before are rebuilt from the log


class Why(Struct, frozen=True, kw_only=True):
    """A reason as in the contract, without its posts: also an own one names the other, whose name may be hidden."""

    kind: Kind
    hashtag: str | None
    count: int
    last_at: str


class View(Struct, frozen=True, kw_only=True, tag_field="kind"):
    """What every view has: ``card`` is the match, to be named in an answer."""

    card: str


class Suggested(View, frozen=True, kw_only=True, tag="suggested"):
    """Somebody you know is here."""

    at: str
    why: tuple[Why, ...]


class Agreed(View, frozen=True, kw_only=True, tag="agreed"):
    """Both said yes. A place is null where its owner does not share it."""

    at: str
    your_place: str | None
    their_place: str | None


class Located(View, frozen=True, kw_only=True, tag="located"):
    """The other says where they are."""

    at: str
    their_place: str


class Withdrawn(View, frozen=True, kw_only=True, tag="withdrawn"):
    """The card is over. All withdrawals look like this."""


AnyView = Suggested | Agreed | Located | Withdrawn


class Card(Struct, frozen=True, kw_only=True):
    """A card as it is now; ``cursor`` of the newest entry that made it so."""

    card: str
    cursor: int
    at: str
    why: tuple[Why, ...]
    agreed_at: str | None = None
    your_place: str | None = None
    their_place: str | None = None


def attendee_view(output: AnyOutput, attendee: str) -> AnyView:
    """The output as this attendee, one of its ``to``, gets it."""
    if isinstance(output, MatchSuggested):
        why = tuple(map(_why, output.reasons))
        return Suggested(card=output.match, at=output.at, why=why)
    if isinstance(output, MatchAgreed):
        mine, theirs = output.places.get(attendee), output.places.get(other_of(output, attendee))
        return Agreed(card=output.match, at=output.at, your_place=mine, their_place=theirs)
    if isinstance(output, MatchLocated):
        return Located(card=output.match, at=output.at, their_place=output.place)
    return Withdrawn(card=output.match)


def other_of(output: AnyOutput, attendee: str) -> str:
    """The other of the match's two people; for the server alone."""
    if isinstance(output, MatchLocated):
        return output.attendee
    one, two = output.attendees
    return two if attendee == one else one


def _why(reason: Reason) -> Why:
    return Why(kind=reason.kind, hashtag=reason.hashtag, count=reason.count, last_at=reason.last_at)


def written(view: AnyView) -> bytes:
    """One JSON object, without line breaks."""
    return msgspec.json.encode(view)


_READ = msgspec.json.Decoder(AnyView)


def card_of(parts: Mapping[str, tuple[int, bytes]]) -> Card:
    """A card out of its newest entries by kind, each (cursor, view); ``suggested`` is one of them."""
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
