"""What the program has to know of an event type besides its fields: one EventSpec a type, beside its Struct.

Responsibility: the form of a spec. Permissions, routing, pseudonymization, what others learn from, the export of
own data, samples and the contract's table are derived from the specs.
Invariants: a spec allows and never forbids: a role, a learner or an exported field that it does not name is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Literal

Role = Literal["attendee", "organizer", "connector", "operator", "verifier", "owner"]


class Rule(Enum):
    """Under which condition a role may send a type.

    NEVER    not this role
    SELF     about oneself, in one's own conference
    UPLOAD   an attendee's own archive, into the own conference, of accounts that are verified as theirs
    OWN      in the sender's own conferences
    CHECKIN  in the conferences that the connector's key names, if the key says so
    POSTS    for whatever conference the router finds, or one of the sender's own; not with a key that an organizer
             made for a scanner: it reaches no further than the organizer's own conference
    ANY      in any conference
    """

    NEVER = auto()
    SELF = auto()
    UPLOAD = auto()
    OWN = auto()
    CHECKIN = auto()
    POSTS = auto()
    ANY = auto()


class Log(Enum):
    """Which log an event goes to."""

    CONFERENCE = auto()  # that of the conference that it names
    ROUTED = auto()  # that of the conference that it names, or of each that the router finds


class Learner(Enum):
    """Who follows the logs and learns from events, beside the engine, which gets all of them."""

    ROUTER = auto()  # which conferences there are, and who is registered in them
    DELIVERY = auto()  # which conferences there are, and who was erased
    CONFERENCES = auto()  # the server's list of conferences, their owners, and who was erased


Holding = Literal["claimed", "verified", "released"]


@dataclass(frozen=True, kw_only=True, slots=True)
class EventSpec:
    """The facts of one event type.

    ``subject``: the field that says whose data it is; None: nobody's. Who exports their data gets the fields in
    ``exported`` and does not get those in ``withheld``; each field of the type's own is in one of the two.
    ``holds``: what the directory notes of the attendee and the event's accounts.
    ``post``: the field that has a post's id. ``notes``: words behind a field in the contract's table.
    """

    meaning: str
    senders: Mapping[Role, Rule]
    log: Log
    learners: tuple[Learner, ...]
    subject: Literal["attendee", "actor"] | None
    sample: Mapping[str, Any]
    exported: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    holds: Holding | None = None
    post: Literal["id", "deleted"] | None = None
    notes: Mapping[str, str] = field(default_factory=dict)
