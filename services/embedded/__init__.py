"""The runner of one process: takes events in, keeps them, folds them, hands on what they bring."""

from services.embedded.answers import Accepted, Answer, AwayError, BusyError, Duplicate, Place, Rejected, StoppedError
from services.embedded.delivery import UndeliveredError
from services.embedded.limits import Limits
from services.embedded.runner import Embedded

__all__ = [
    "Accepted",
    "Answer",
    "AwayError",
    "BusyError",
    "Duplicate",
    "Embedded",
    "Limits",
    "Place",
    "Rejected",
    "StoppedError",
    "UndeliveredError",
]
