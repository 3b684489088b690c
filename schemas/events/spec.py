"""What the program must know about an event type besides its fields: one EventSpec per type, beside its Struct.

Responsibility: permissions, routing, pseudonymization, who learns from a type, the data export, samples and the
contract's table are all derived from the specs.
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
    POSTS    for any conference that the router finds, or one of the sender's own; not with an organizer's scanner
             key, which is limited to the organizer's own conference
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
    """The log that an event goes to."""

    CONFERENCE = auto()  # of the conference that it names
    ROUTED = auto()  # of the conference that it names, or of each that the router finds


class Learner(Enum):
    """Who reads the logs for some types of events, besides the engine, which reads all of them."""

    ROUTER = auto()  # which conferences there are, and who is registered in them
    DELIVERY = auto()  # which conferences there are, and who was erased
    CONFERENCES = auto()  # the server's list of conferences, their owners, and who was erased


Holding = Literal["claimed", "verified", "released"]


@dataclass(frozen=True, kw_only=True, slots=True)
class EventSpec:
    """The facts of one event type.

    ``subject``: the field that names whose data it is; None: nobody's. A data export has the fields in ``exported``
    and leaves out those in ``withheld``; each of the type's own fields is in one of the two.
    ``holds``: what the directory records about the attendee and the event's accounts.
    ``post``: the field with a post's id. ``notes``: text after a field in the contract's table.
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
