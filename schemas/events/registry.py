"""All event types in one tagged union, and what follows from their specs.

Responsibility: what other modules need to know about all types at once. It is derived, so new types are included.
Invariants: importing this raises SpecError, with a sentence for each fault, unless every type is fully declared.
"""

from typing import get_args

from schemas.events.account import AccountInput
from schemas.events.activity import Activity
from schemas.events.attendee import AttendeeInput
from schemas.events.base import Event
from schemas.events.check import check, name_of
from schemas.events.checkin import CheckinInput
from schemas.events.clock import ClockInput
from schemas.events.conference import ConferenceInput
from schemas.events.match import MatchInput
from schemas.events.spec import Learner, Log

Input = ConferenceInput | AttendeeInput | AccountInput | CheckinInput | Activity | MatchInput | ClockInput

KINDS: tuple[type[Event], ...] = get_args(Input)
check(KINDS)
BY_NAME: dict[str, type[Event]] = {name_of(kind): kind for kind in KINDS}

if {kind for kind in KINDS if kind.spec.log is Log.ROUTED} != set(get_args(Activity)):
    raise AssertionError("schemas/events/activity.py must contain all routed types, and no others.")


def learned_by(learner: Learner) -> frozenset[type[Event]]:
    """The types that a learner reads from the logs."""
    return frozenset(kind for kind in KINDS if learner in kind.spec.learners)


def names_learned_by(learner: Learner) -> frozenset[str]:
    """Their names, as in ``type``."""
    return frozenset(map(name_of, learned_by(learner)))
