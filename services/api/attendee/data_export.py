"""An attendee's own data as a download: the directory's, the log's, the cards.

Responsibility: what is in it.
Invariants: it has nothing of anybody else: no block's other side, no account that a post addresses. Of an event it has
the fields that the event's spec exports to its subject; an event or a field that no spec names is left out.
Why: what the log has as tokens of the attendee is told in the attendee's own words again: ids of the own posts.
"""

import asyncio
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import msgspec
from litestar import Response, get
from msgspec.structs import asdict

from schemas.events import BY_NAME, AttendeeBlocked
from schemas.times import written
from services.admission.sender import OWNER, source_of
from services.api.attendee.account_states import accounts_of, verified_tokens
from services.api.attendee.inbox_stream import inbox
from services.api.attendee.matcher_state import standing
from services.api.attendee.routes import ATTENDEE
from services.api.gate import Gate
from services.api.shared.guard import Caller

_MOST_EVENTS = 20_000  # an attendee has some hundred, and as many posts
_COST = 20  # of the attendee's bucket: three at once, then one in 20 s; each reads the whole log
_OWNER = source_of(OWNER)
_OF_EVERY_EVENT = frozenset({"type", "id", "at", "recorded_at", "conference", "attendee"})
_EXPORTED = {name: _OF_EVERY_EVENT.union(kind.spec.exported) for name, kind in BY_NAME.items()}
_POSTED = frozenset(name for name, kind in BY_NAME.items() if kind.spec.post == "id")


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
    found = list(_own(gate, conference, attendee, actors))
    posts = [event["id"] for event in found if event["type"] in _POSTED]
    ids = gate.directory.originals(posts)
    return [event | {"id": ids.get(event["id"], event["id"])} for event in found]


def _own(gate: Gate, conference: str, attendee: str, actors: Collection[str]) -> Iterator[dict[str, Any]]:
    marks = [f'"attendee":"{attendee}"'.encode(), *[f'"actor":"{token}"'.encode() for token in sorted(actors)]]
    count = 0
    for row in gate.journal.read(conference):
        if count < _MOST_EVENTS and any(mark in row.line for mark in marks):  # most lines need no decoding
            event = exported(msgspec.json.decode(row.line), attendee, actors)
            if event is not None:
                count += 1
                yield event | {"recorded_at": written(row.recorded_at)}


def exported(event: Mapping[str, Any], attendee: str, actors: Collection[str]) -> dict[str, Any] | None:
    """What this attendee gets of an event of the log; None of one that is not theirs.

    ``actors``: the tokens of the accounts that they proved.
    """
    kind = BY_NAME.get(event["type"])
    subject = kind.spec.subject if kind is not None else None
    if subject is None or event.get(subject) not in ({attendee} if subject == "attendee" else actors):
        return None
    if kind is AttendeeBlocked and event.get("source") == _OWNER:
        return None  # it would tell that somebody who was erased came back
    return {name: value for name, value in event.items() if name in _EXPORTED[event["type"]]}


ROUTES = [own_data]
