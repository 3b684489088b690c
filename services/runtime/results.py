"""What becomes of a submitted event, as values; what becomes of a submission that cannot be taken, as errors.

Owns: the words to the sender. May never: decide.
"""

from msgspec import Struct


class Place(Struct, frozen=True, gc=False):
    """Where an event stands."""

    conference: str
    offset: int


class Accepted(Struct, frozen=True, tag="accepted", tag_field="answer", omit_defaults=True, gc=False):
    """On the disk, in these logs. Without a place the ``note`` says why."""

    places: tuple[Place, ...]
    note: str | None = None


class Duplicate(Struct, frozen=True, tag="duplicate", tag_field="answer"):
    """The same id is in the same log; nothing was added."""


class Rejected(Struct, frozen=True, tag="rejected", tag_field="answer"):
    """Not taken, but kept among the dead letters: why, and the field at fault."""

    reason: str
    field: str | None


Answer = Accepted | Duplicate | Rejected

DUPLICATE = Duplicate()
UNTRACKED = Accepted((), "Accepted, tracked by nobody: no open conference follows its hashtags or knows its people.")
KEPT_DELETION = Accepted((), "Kept for when its post comes: so far no conference has a post of this actor.")
EMPTY = Accepted((), "An empty line; passed over.")


class BusyError(Exception):
    """Too much is waiting; nothing of the submission was taken. Come again."""


class UnavailableError(Exception):
    """The log cannot be reached; nothing of the submission was taken. It comes back by itself: come again."""


class StoppedError(Exception):
    """The runner is not running; nothing of the submission was taken."""
