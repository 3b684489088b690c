"""Routes that show an organizer's conferences: the list, and one conference with everything from its opening.

Invariants: callers see only conferences that they may work on. The answer for one conference has every field that an
organizer must send to change it.
"""

from typing import Literal

from litestar import get
from msgspec import Struct

from schemas.events import PlainId, Time
from services.admission.conference_registry import ConferenceEntry, ConferenceRegistry
from services.api.organizer.opening import Opening, opening_of
from services.api.shared.conference_access import ConferenceAccess
from services.api.shared.guard import Caller
from services.api.shared.injection import Injected
from services.api.shared.roles import allow

_MOST = 1_000  # conferences in a list, the latest by start
State = Literal["open", "closed"]


class ConferenceListed(Struct, frozen=True):
    """A conference in the list."""

    id: str
    name: str
    state: State
    starts_at: Time
    ends_at: Time
    time_zone: str


class ConferencesListed(Struct, frozen=True):
    """The latest first, by their start; at most 1,000."""

    conferences: tuple[ConferenceListed, ...]


class ConferenceWhole(Struct, frozen=True):
    """``opening`` is the body of ``PUT``: changed or not, it can be sent back without loss.

    ``organizer``: the owner's id; empty for the operator's own.
    """

    id: str
    state: State
    organizer: str
    opening: Opening


def _state(known: ConferenceEntry) -> State:
    return "closed" if known.closed else "open"


@get("/v1/conferences", opt=allow("organizer", "operator"), tags=["organizer"])
async def conferences(
    caller: Injected[Caller], access: Injected[ConferenceAccess], registry: Injected[ConferenceRegistry]
) -> ConferencesListed:
    """Lists the caller's conferences; for an operator, all of this server."""
    found = [known for known in registry if known.opened is not None and access.is_allowed(caller, known.id)]
    listed = [
        ConferenceListed(known.id, opening.name, _state(known), opening.starts_at, opening.ends_at, opening.time_zone)
        for known in found
        if (opening := known.opened) is not None
    ]
    listed.sort(key=lambda each: (each.starts_at, each.id), reverse=True)
    return ConferencesListed(tuple(listed[:_MOST]))


@get("/v1/conferences/{conference:str}", opt=allow("organizer", "operator"), tags=["organizer"])
async def conference_whole(
    caller: Injected[Caller], access: Injected[ConferenceAccess], conference: PlainId
) -> ConferenceWhole:
    """Shows a conference as it was last opened: name, times, places, chats, hashtags, matching rules."""
    known = access.require(caller, conference)
    assert known.opened is not None  # ``require`` gives no other
    return ConferenceWhole(known.id, _state(known), known.owner, opening_of(known.opened))


ROUTES = [conferences, conference_whole]
