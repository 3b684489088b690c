"""Exports a sign-in link for everybody who has never signed in, as a CSV for a mailing.

Invariants: only the conference's organizer gets the links, and the server does not store the file. Nobody who has
signed in gets a link here: whoever holds it could act as that person.
"""

import asyncio
from collections.abc import Callable

from litestar import Response, post

from schemas.events import PlainId
from services.admission.registration.attendee_csv import write_csv
from services.api.shared.conference_access import ConferenceAccess
from services.api.shared.guard import Caller
from services.api.shared.injection import Injected
from services.api.shared.public_address import PublicAddress
from services.api.shared.rate_limits import RateLimits
from services.api.shared.roles import allow
from services.directory.port import NoLink, Person

FirstLinks = Callable[[str, str, int], list[tuple[Person, str | NoLink]]]  # conference, after this id, at most
_HEADING = ("name", "email", "attendee", "link")
_NO_LINK = {NoLink.SIGNED_IN: "none: has signed in", NoLink.UNKNOWN: "none: is being erased"}
_AT_ONCE = 500  # people in one transaction, which blocks other writes for that long
_COST = 2_500  # of the organizer's rate: twice at once, then once in 5 s
_HEADERS = {"content-disposition": 'attachment; filename="links.csv"', "cache-control": "no-store"}


@post(
    "/v1/conferences/{conference:str}/attendees/links",
    opt=allow("organizer"),
    status_code=200,
    media_type="text/csv",
    tags=["organizer"],
)
async def links(
    caller: Injected[Caller],
    access: Injected[ConferenceAccess],
    first_links: Injected[FirstLinks],
    limits: Injected[RateLimits],
    address: Injected[PublicAddress],
    conference: PlainId,
) -> Response[bytes]:
    """Makes a link for each registered person who has never signed in, valid once; the previous four stay valid."""
    access.require(caller, conference)
    limits.charge("organizer", f"links {conference}", _COST)
    rows: list[tuple[str, str, str, str]] = []
    after = ""
    while page := await asyncio.to_thread(first_links, conference, after, _AT_ONCE):
        rows += [(who.name, who.email, who.attendee, _shown(address, link)) for who, link in page]
        after = page[-1][0].attendee
    return Response(await asyncio.to_thread(write_csv, _HEADING, rows), media_type="text/csv", headers=_HEADERS)


def _shown(address: PublicAddress, link: str | NoLink) -> str:
    return _NO_LINK[link] if isinstance(link, NoLink) else address.sign_in_link(link)


ROUTES = [links]
