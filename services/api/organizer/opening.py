"""The body with which an organizer opens a conference, and in which the API returns it.

Invariants: request and response have the same fields.
"""

from msgspec import Struct

from schemas.events import Chat, ConferenceOpened, Hashtag, Place, Time
from schemas.policy import Policy


class Opening(Struct, forbid_unknown_fields=True, kw_only=True):
    """``conference.opened`` without the fields that all events have."""

    name: str
    hashtags: tuple[Hashtag, ...]
    starts_at: Time
    ends_at: Time
    time_zone: str
    places: tuple[Place, ...]
    chats: tuple[Chat, ...]
    matching: Policy = Policy()


def opening_of(event: ConferenceOpened) -> Opening:
    """The body of the event's opening."""
    return Opening(**{name: getattr(event, name) for name in Opening.__struct_fields__})
