"""The runner of one process: takes events in, keeps them, folds them, hands on what they bring."""

from services.runtime.delivery import UndeliveredError
from services.runtime.limits import Limits
from services.runtime.results import (
    Accepted,
    Answer,
    BusyError,
    Duplicate,
    Place,
    Rejected,
    StoppedError,
    UnavailableError,
)
from services.runtime.runner import Embedded

__all__ = [
    "Accepted",
    "Answer",
    "BusyError",
    "Duplicate",
    "Embedded",
    "Limits",
    "Place",
    "Rejected",
    "StoppedError",
    "UnavailableError",
    "UndeliveredError",
]
