"""Which conferences an organizer may open in a request, and which owner each opening is recorded with.

Responsibility: the organizer's quota, and the owner written into each opening.
Invariants: the first opening decides who owns a conference. Each later one, whoever sends it, is recorded with that
owner, until the owner or the operator transfers it. So the log has the owner, and every start reads it from there.
Why: callers hold the lock of openings until the log has the event; otherwise two organizers could open the same id.
"""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from schemas.codec import Record, Reject
from schemas.events import ConferenceOpened
from services.admission.authorization import authorize
from services.admission.conference_registry import ConferenceRegistry
from services.admission.sender import Refused, Sender


class OpeningRights(Struct, frozen=True):
    """``sender``: with all conferences that are its own, including those that it opens in this request.

    ``new``: conferences opened in this request. ``refused``: why others may not be opened, by conference.
    ``handed_to``: the new owner, where the request transfers a conference.
    """

    sender: Sender
    new: tuple[str, ...] = ()
    refused: dict[str, Refused] = {}
    handed_to: str | None = None


def has_opening(found: Sequence[Record | Reject]) -> bool:
    """Whether any of these events opens a conference."""
    return any(isinstance(record, Record) and type(record.event) is ConferenceOpened for record in found)


def opening_rights(
    sender: Sender,
    found: Sequence[Record | Reject],
    conferences: ConferenceRegistry,
    now: int,
    handed_to: str | None = None,
) -> OpeningRights:
    """The sender's rights for these events. An organizer may act on the key's conferences, those it owns, and new
    ones within its quota. ``now``: ms since 1970."""
    if sender.role != "organizer":
        return OpeningRights(sender, handed_to=handed_to)
    own = sender.conferences | conferences.owned(sender.id)
    new: list[str] = []
    refused: dict[str, Refused] = {}
    for record in found:
        event = record.event if isinstance(record, Record) else None
        if not isinstance(event, ConferenceOpened) or event.conference in own or not conferences.is_free(event):
            continue
        wider = replace(sender, conferences=own | {event.conference})
        if isinstance(authorize(wider, event, now), Refused):
            continue
        fault = conferences.over_quota(sender.id, len(new))
        if fault is not None:
            refused[event.conference] = Refused(fault, "forbidden", "conference")
            continue
        new.append(event.conference)
        own = wider.conferences
    return OpeningRights(replace(sender, conferences=own), tuple(new), refused, handed_to)


def with_owner(event: ConferenceOpened, rights: OpeningRights, conferences: ConferenceRegistry) -> ConferenceOpened:
    """The authorized opening, with the owner that is recorded."""
    known = conferences.get(event.conference)
    if rights.handed_to is not None:
        return replace(event, organizer=rights.handed_to)
    return event if known is None else replace(event, organizer=known.owner or None)
