"""An attendee's own data as a download: from the directory, the log and the inbox.

Responsibility: what the download contains.
Invariants: it contains nothing about anybody else: neither the other side of a block nor an account that a post
mentions.
Why: the log has only tokens for the attendee's posts, so the export replaces them with the original post ids.
"""

import asyncio
from collections.abc import Collection
from typing import Any

from litestar import Response, get
from msgspec.structs import asdict

from schemas.times import format_time
from services.api.attendee.account_states import AccountStates
from services.api.attendee.attendee_state import attendee_state
from services.api.attendee.exported_events import POSTED, own_events
from services.api.attendee.inbox_stream import InboxReader
from services.api.shared.guard import Caller
from services.api.shared.injection import Clock, Injected
from services.api.shared.rate_limits import RateLimits
from services.api.shared.roles import allow
from services.directory.port import Directory
from services.journal import Journal
from services.runtime.ports import Matchers

_COST = 20  # of the attendee's rate: three at once, then one in 20 s, because each reads the whole log


class DataExport:
    """Collects an attendee's data. Only one download at a time reads a log, because each reads all of it and threads
    are few."""

    def __init__(
        self,
        directory: Directory,
        journal: Journal,
        matchers: Matchers,
        inbox: InboxReader,
        states: AccountStates,
        clock: Clock,
    ) -> None:
        self._directory, self._journal, self._matchers = directory, journal, matchers
        self._inbox, self._states, self._clock = inbox, states, clock
        self._turn = asyncio.Lock()

    async def read(self, conference: str, attendee: str) -> dict[str, object]:
        """The attendee's data. Raises as ``Matchers.ask`` and ``Inboxes.current``; DirectoryError, JournalError."""
        now = self._clock()
        state = await self._matchers.ask(conference, lambda matcher: attendee_state(matcher, attendee, now))
        cards = await self._inbox.read(conference, attendee)
        data: dict[str, object] = {"conference": conference, "attendee": attendee}
        data["accounts"] = await self._states.read(conference, attendee)
        actors = await self._states.verified_tokens(conference, attendee)
        async with self._turn:
            data |= await asyncio.to_thread(self._stored, conference, attendee, actors)
        return data | {"standing": asdict(state), "cards": cards.cards}

    def _stored(self, conference: str, attendee: str, actors: Collection[str]) -> dict[str, object]:
        people, sessions = self._directory.people, self._directory.sessions
        person = people.get(conference, attendee)
        return {
            "person": asdict(person) if person else None,
            "preferences": people.preferences(conference, attendee),
            "sessions": [
                {
                    "device": row.device,
                    "made_at": format_time(row.made),
                    "last_used_at": format_time(row.last_used) if row.last_used is not None else None,
                    "expires_at": format_time(row.expires),
                }
                for row in sessions.active(conference, attendee)
            ],
            "sign_ins": [
                {"device": each.device, "at": format_time(each.at)} for each in sessions.sign_ins(conference, attendee)
            ],
            "events": self._events(conference, attendee, actors),
        }

    def _events(self, conference: str, attendee: str, actors: Collection[str]) -> list[dict[str, Any]]:
        """The attendee's events, and posts by the accounts that they proved, under the original post ids."""
        found = list(own_events(self._journal, conference, attendee, actors))
        posts = [event["id"] for event in found if event["type"] in POSTED]
        ids = self._directory.originals(posts)
        return [event | {"id": ids.get(event["id"], event["id"])} for event in found]


@get("/v1/me/data", opt=allow("attendee"), tags=["attendee"])
async def own_data(
    caller: Injected[Caller], data_export: Injected[DataExport], limits: Injected[RateLimits]
) -> Response[dict[str, object]]:
    """Downloads everything about the attendee, as a file."""
    conference, attendee = caller.conference, caller.subject
    limits.charge("attendee", f"data {conference} {attendee}", _COST)
    data = await data_export.read(conference, attendee)
    name = f'attachment; filename="hallway-{conference}.json"'
    return Response(data, headers={"content-disposition": name, "cache-control": "no-store"})


ROUTES = [own_data]
