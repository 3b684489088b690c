"""Routes with which an attendee brings their earlier posts, and removes them again.

Invariants: a file is read only for an account that the attendee has proved. Nothing is taken without ``/take``.
"""

from typing import Any

from litestar import Request, delete, post
from msgspec import Struct

from services.api.attendee.own_past import OwnPast, PastRemoved, PastShown, PastTaken, Scope
from services.api.shared.guard import Caller
from services.api.shared.injection import Injected
from services.api.shared.roles import allow

ATTENDEE = allow("attendee")
CAR_PATH = "/v1/me/past/car"


class PastChosen(Struct, forbid_unknown_fields=True):
    """``hashtags``: posts with a hashtag of the conference; ``conversations``: also others that address somebody."""

    scope: Scope = "hashtags"


@post("/v1/me/past/bluesky", opt=ATTENDEE, status_code=200, tags=["attendee"])
async def look(caller: Injected[Caller], own_past: Injected[OwnPast]) -> PastShown:
    """Counts the posts of the proved Bluesky account, from its own server. Takes none."""
    return await own_past.fetch(caller)


@post(CAR_PATH, opt=ATTENDEE, status_code=200, tags=["attendee"])
async def upload(caller: Injected[Caller], own_past: Injected[OwnPast], request: Request[Any, Any, Any]) -> PastShown:
    """Counts the posts in a repository that Bluesky exports (CAR). Takes none."""
    return await own_past.upload(caller, await request.body())


@post("/v1/me/past/take", opt=ATTENDEE, status_code=200, tags=["attendee"])
async def take(caller: Injected[Caller], own_past: Injected[OwnPast], data: PastChosen) -> PastTaken:
    """Takes what was counted last."""
    return await own_past.take(caller, data.scope)


@delete("/v1/me/past", opt=ATTENDEE, status_code=200, tags=["attendee"])
async def remove(caller: Injected[Caller], own_past: Injected[OwnPast]) -> PastRemoved:
    """Removes every post that the attendee has uploaded."""
    return await own_past.remove(caller)


ROUTES = [look, upload, take, remove]
