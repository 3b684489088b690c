"""The outcomes of submitting events: answers as values, failures of a whole submission as errors."""

from msgspec import Struct


class Place(Struct, frozen=True, gc=False):
    """Where an event was appended."""

    conference: str
    offset: int


class Accepted(Struct, frozen=True, tag="accepted", tag_field="answer", omit_defaults=True, gc=False):
    """Durable, in these logs. Without a place the ``note`` says why."""

    places: tuple[Place, ...]
    note: str | None = None


class Duplicate(Struct, frozen=True, tag="duplicate", tag_field="answer"):
    """The log already has an event with this id; nothing was appended."""


class Rejected(Struct, frozen=True, tag="rejected", tag_field="answer"):
    """Not accepted, but stored as a dead letter: why, and the field at fault."""

    reason: str
    field: str | None


Answer = Accepted | Duplicate | Rejected

DUPLICATE = Duplicate()
UNTRACKED = Accepted((), "Accepted, but routed nowhere: no open conference follows its hashtags or knows its people.")
STORED_DELETION = Accepted((), "Stored until its post arrives: no conference has a post of this actor yet.")
EMPTY = Accepted((), "Ignored: the line is empty.")


class BusyError(Exception):
    """Overloaded; nothing of the submission was accepted. Retry with backoff."""


class LogUnavailableError(Exception):
    """The log cannot be reached; nothing of the submission was accepted. Retry: it reconnects by itself."""


class StoppedError(Exception):
    """The runner is not running; nothing of the submission was accepted."""
