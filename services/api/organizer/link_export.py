"""A link for everybody of a conference who has never signed in, as a CSV for the mailing.

Owns: this route. May never: give the links of a conference to anybody but its organizer, keep the file, or make a link
for somebody who has signed in: whoever held it would be that person.
"""

import asyncio

from litestar import Response, post

from schemas.events import PlainId
from services.admission.attendee_csv import write_csv
from services.api.attendee.devices import address_of
from services.api.gate import Gate
from services.api.shared.guard import Caller
from services.api.shared.roles import allow
from services.directory.port import NoLink

_HEADING = ("name", "email", "attendee", "link")
_NO_LINK = {NoLink.SIGNED_IN: "none: has signed in", NoLink.UNKNOWN: "none: is being erased"}
_AT_ONCE = 500  # people of a transaction: nobody else's write waits longer
_COST = 2_500  # of the organizer's bucket: twice at once, then once in 5 s
_HEADERS = {"content-disposition": 'attachment; filename="links.csv"', "cache-control": "no-store"}


@post(
    "/v1/conferences/{conference:str}/attendees/links",
    opt=allow("organizer"),
    status_code=200,
    media_type="text/csv",
    tags=["organizer"],
)
async def links(gate: Gate, caller: Caller, conference: PlainId) -> Response[bytes]:
    """A link for each registered person who has never signed in, good once; the four before it stay good."""
    gate.owned(caller, conference)
    gate.charge("organizer", f"links {conference}", _COST)
    rows: list[tuple[str, str, str, str]] = []
    after = ""
    while page := await asyncio.to_thread(gate.directory.links, conference, after, _AT_ONCE):
        rows += [(who.name, who.email, who.attendee, _shown(gate, link)) for who, link in page]
        after = page[-1][0].attendee
    return Response(await asyncio.to_thread(write_csv, _HEADING, rows), media_type="text/csv", headers=_HEADERS)


def _shown(gate: Gate, link: str | NoLink) -> str:
    return _NO_LINK[link] if isinstance(link, NoLink) else address_of(gate.public_url, link)


ROUTES = [links]
