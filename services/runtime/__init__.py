"""The runner of one process: it accepts events, stores them, folds them and delivers the outputs."""

from services.runtime.delivery import UndeliveredError
from services.runtime.limits import Limits
from services.runtime.results import (
    Accepted,
    Answer,
    BusyError,
    Duplicate,
    LogUnavailableError,
    Place,
    Rejected,
    StoppedError,
)
from services.runtime.runner import EmbeddedRunner

__all__ = [
    "Accepted",
    "Answer",
    "BusyError",
    "Duplicate",
    "EmbeddedRunner",
    "Limits",
    "LogUnavailableError",
    "Place",
    "Rejected",
    "StoppedError",
    "UnavailableError",
    "UndeliveredError",
]
