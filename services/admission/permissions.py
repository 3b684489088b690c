"""Who may send what: one table, each cell a rule.

Owns: the table. May never: have a hole; a type that is not in it stops the program at its start.
The rules, from nothing to all:
  NEVER    not this role
  SELF     about oneself, in one's own conference
  UPLOAD   an attendee's own archive, into the own conference, of accounts that are verified as theirs
  OWN      in the sender's own conferences
  CHECKIN  in the conferences that the connector's key names, if the key says so
  POSTS    for whatever conference the router finds, or one of the sender's own; not with a key that an organizer made
           for a scanner: it reaches no further than the organizer's own conference
  ANY      in any conference
Why: an attendee's word about itself is its own; consent, answers and blocks are nobody else's, not even the operator's.
An organizer knows tickets and doors, and brings no posts: else it could make two strangers known to each other. A
connector knows posts. Verifications come from the server's own check alone. The log's owner registers who comes back
after an erasure, at their own tap, and says again who had blocked them. The log believes a deletion whoever brings
it (``source`` counts for posts only), so connectors alone bring them.
"""

from enum import Enum, auto
from typing import get_args

from schemas.events import (
    AccountReleased,
    AccountVerified,
    ActivityDeleted,
    ActivityPosted,
    AttendeeBlocked,
    AttendeeErased,
    AttendeeRegistered,
    AttendeeUnblocked,
    CheckinArrived,
    CheckinLeft,
    ClockTicked,
    ConferenceClosed,
    ConferenceOpened,
    ConsentChanged,
    Event,
    Input,
    MatchAnswered,
)
from services.admission.sender import Role


class Rule(Enum):
    """What a cell says."""

    NEVER = auto()
    SELF = auto()
    UPLOAD = auto()
    OWN = auto()
    CHECKIN = auto()
    POSTS = auto()
    ANY = auto()


_NO, SELF, UPLOAD, OWN = Rule.NEVER, Rule.SELF, Rule.UPLOAD, Rule.OWN
CHECKIN, POSTS, ANY = Rule.CHECKIN, Rule.POSTS, Rule.ANY

ROLES: tuple[Role, ...] = ("attendee", "organizer", "connector", "operator", "verifier", "owner")

_ROWS: dict[type[Event], tuple[Rule, Rule, Rule, Rule, Rule, Rule]] = {
    #                   attendee, organizer, connector, operator, verifier, owner
    ConferenceOpened: (_NO, OWN, _NO, ANY, _NO, _NO),
    ConferenceClosed: (_NO, OWN, _NO, ANY, _NO, _NO),
    AttendeeRegistered: (_NO, OWN, _NO, _NO, _NO, ANY),
    AccountVerified: (_NO, _NO, _NO, _NO, ANY, _NO),
    AccountReleased: (SELF, _NO, _NO, _NO, _NO, _NO),
    ConsentChanged: (SELF, _NO, _NO, _NO, _NO, _NO),
    AttendeeBlocked: (SELF, _NO, _NO, _NO, _NO, ANY),
    AttendeeUnblocked: (SELF, _NO, _NO, _NO, _NO, _NO),
    AttendeeErased: (SELF, OWN, _NO, ANY, _NO, _NO),
    CheckinArrived: (SELF, OWN, CHECKIN, _NO, _NO, _NO),
    CheckinLeft: (SELF, OWN, CHECKIN, _NO, _NO, _NO),
    ActivityPosted: (UPLOAD, _NO, POSTS, _NO, _NO, _NO),
    ActivityDeleted: (_NO, _NO, POSTS, _NO, _NO, _NO),
    MatchAnswered: (SELF, _NO, _NO, _NO, _NO, _NO),
    ClockTicked: (_NO, _NO, _NO, _NO, _NO, ANY),
}

TABLE: dict[tuple[Role, type[Event]], Rule] = {
    (role, kind): rule for kind, row in _ROWS.items() for role, rule in zip(ROLES, row, strict=True)
}

assert set(_ROWS) == set(get_args(Input))
