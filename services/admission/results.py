"""The item for the log, and the sender's result, of each event of a request."""

import msgspec
from msgspec import Struct

from schemas.codec import EVENT_BYTES, Record, Reject
from services.admission.sender import Refused, Sender
from services.runtime import Accepted, Answer, Rejected

Item = Record | Refused | Reject  # an event on its way into the log


class Result(Struct, frozen=True, omit_defaults=True, gc=False):
    """The result for one event. ``conference`` and ``offset``: its place in the log (a post may be in several logs).

    Attendees, organizers and scanners get neither: an offset counts what other people do, one by one.
    """

    status: str
    conference: str | None = None
    offset: int | None = None
    reason: str | None = None
    field: str | None = None


def log_item(item: Item, sender: Sender) -> Record | Reject | None:
    """The item for the log. None for a refusal, an empty line, or an attendee's invalid line, which is private."""
    if not isinstance(item, Reject):
        return item if isinstance(item, Record) else None
    if sender.role == "attendee" or not item.line.strip():
        return None
    return Reject(item.reason, item.field, item.line[: EVENT_BYTES + 1], _named_conference(item.line, sender))


class _Named(Struct):
    conference: str = ""


def _named_conference(line: bytes, sender: Sender) -> str | None:
    """The conference that an invalid line names, if it is one of the sender's: nobody fills another's dead letters."""
    if len(line) > EVENT_BYTES:
        return None
    try:
        named = msgspec.json.decode(line, type=_Named).conference
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return named if named in sender.conferences else None


def may_see_offsets(sender: Sender) -> bool:
    """Whether a sender may learn how many records a log has. An organizer who polls could see when somebody answered,
    and from the repeated suggestion an hour later that it was a ``later``; a scanner's key is an organizer's too."""
    return sender.role not in ("attendee", "organizer") and not sender.only_checkins


def without_offset(result: Result) -> Result:
    """The result without its place in the log and without a note: nothing that depends on other people."""
    return Result("accepted") if result.status == "accepted" else result


def result_of(item: Item, answer: Answer | None) -> Result:
    """The result of an item, and of the log's answer if it got there."""
    if isinstance(item, Refused | Reject):
        return Result("rejected", reason=item.reason, field=item.field)
    if isinstance(answer, Accepted):
        if not answer.places:
            return Result("accepted", reason=answer.note)
        place = answer.places[0]
        return Result("accepted", place.conference, place.offset)
    if isinstance(answer, Rejected):
        return Result("rejected", reason=answer.reason, field=answer.field)
    return Result("duplicate")
