"""An attendee's own data as a download: the directory's, the log's, the cards.

Responsibility: what is in it.
Invariants: it has nothing of anybody else: no block's other side, no account that a post addresses.
Why: what the log has as tokens of the attendee is told in the attendee's own words again: ids of the own posts.
"""

import asyncio
from collections.abc import Collection
from typing import Any

from litestar import Response, get
from msgspec.structs import asdict

from schemas.times import written
from services.api.attendee.account_states import accounts_of, verified_tokens
from services.api.attendee.exported_events import POSTED, own_events
from services.api.attendee.inbox_stream import inbox
from services.api.attendee.matcher_state import standing
from services.api.attendee.routes import ATTENDEE
from services.api.gate import Gate
from services.api.shared.guard import Caller

_COST = 20  # of the attendee's bucket: three at once, then one in 20 s; each reads the whole log


@get("/v1/me/data", opt=ATTENDEE, tags=["attendee"])
async def own_data(gate: Gate, caller: Caller) -> Response[dict[str, object]]:
    """Everything about me, as a file."""
    conference, attendee, now = caller.conference, caller.subject, gate.clock()
    gate.charge("attendee", f"data {conference} {attendee}", _COST)
    stands = await gate.ask(conference, lambda matcher: standing(matcher, attendee, now))
    cards = await inbox(gate, conference, attendee)
    data: dict[str, object] = {"conference": conference, "attendee": attendee}
    data["accounts"] = await accounts_of(gate, conference, attendee)
    actors = await verified_tokens(gate, conference, attendee)
    async with gate.downloading:
        data |= await asyncio.to_thread(_kept, gate, conference, attendee, actors)
    data |= {"standing": asdict(stands), "cards": cards.cards}
    name = f'attachment; filename="hallway-{conference}.json"'
    return Response(data, headers={"content-disposition": name, "cache-control": "no-store"})


def _kept(gate: Gate, conference: str, attendee: str, actors: Collection[str]) -> dict[str, object]:
    person = gate.directory.people.get(conference, attendee)
    sessions = gate.directory.sessions
    return {
        "person": asdict(person) if person else None,
        "preferences": gate.directory.people.preferences(conference, attendee),
        "sessions": [
            {
                "device": row.device,
                "made_at": written(row.made),
                "last_used_at": written(row.last_used) if row.last_used is not None else None,
                "expires_at": written(row.expires),
            }
            for row in sessions.listed(conference, attendee)
        ],
        "sign_ins": [
            {"device": each.device, "at": written(each.at)} for each in sessions.sign_ins(conference, attendee)
        ],
        "events": _events(gate, conference, attendee, actors),
    }


def _events(gate: Gate, conference: str, attendee: str, actors: Collection[str]) -> list[dict[str, Any]]:
    """What the log has of the attendee and of posts by the accounts that they proved, under the posts' own ids."""
    found = list(own_events(gate.journal, conference, attendee, actors))
    posts = [event["id"] for event in found if event["type"] in POSTED]
    ids = gate.directory.originals(posts)
    return [event | {"id": ids.get(event["id"], event["id"])} for event in found]


ROUTES = [own_data]
