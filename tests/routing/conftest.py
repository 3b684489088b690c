"""A router with a short notation for events."""

from collections.abc import Callable
from itertools import count
from typing import Any

import msgspec
import pytest

from schemas.events import Input
from streams.routing import Router

AT = "2026-03-09T10:00:00.000Z"
CONSENT = {"matching": True, "chats": True, "share_place": True}


class Told:
    """Tells a router events and gives where they went: [(conference, id)]."""

    def __init__(self) -> None:
        self.router = Router()
        self._ids = count(1)

    def event(self, kind: str, **fields: Any) -> Input:
        """An event by its fields."""
        said = {"type": kind, "id": f"e{next(self._ids)}", "at": AT, **fields}
        made: Input = msgspec.convert(said, Input)
        return made

    def tell(self, kind: str, **fields: Any) -> list[tuple[str, str]]:
        return [(conference, event.id) for conference, event in self.router.route(self.event(kind, **fields))]

    def opened(self, conference: str, *hashtags: str, chats: tuple[str, ...] = ()) -> None:
        self.tell(
            "conference.opened", conference=conference, name="", hashtags=list(hashtags), starts_at=AT, ends_at=AT,
            time_zone="UTC", places=[], chats=[{"hashtag": chat} for chat in chats],
        )  # fmt: skip

    def registered(self, conference: str, attendee: str, *accounts: str) -> None:
        self.tell(
            "attendee.registered", conference=conference, attendee=attendee, accounts=list(accounts), consent=CONSENT
        )

    def post(self, actor: str, *mentions: str, tags: tuple[str, ...] = (), **fields: Any) -> list[tuple[str, str]]:
        return self.tell("activity.posted", actor=actor, mentions=list(mentions), hashtags=list(tags), **fields)

    def went(self, actor: str, *mentions: str, tags: tuple[str, ...] = (), **fields: Any) -> list[str]:
        """The conferences only."""
        return [conference for conference, _ in self.post(actor, *mentions, tags=tags, **fields)]

    def deleted(self, actor: str, post: str, **fields: Any) -> list[tuple[str, str]]:
        return self.tell("activity.deleted", actor=actor, deleted=post, **fields)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def new_told() -> Callable[[], Told]:
    return Told
