"""No link, session or code for who is erased, in whatever order the two come: an erasure is put between the steps."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from services.directory.sqlite import SqliteDirectory
from services.directory.sqlite.api_keys import SqliteKeys
from services.directory.sqlite.sessions import SqliteSessions
from tests.api.in_process import QUIET, Inside, inside, run_to_end
from tests.api.people import CONFERENCE, secret_of

pytestmark = QUIET


async def in_between(
    server: Inside, method: tuple[type, str], attendee: str, patch: pytest.MonkeyPatch, *, first: bool = False
) -> None:
    """The next call of a method, which is made in a thread, has the attendee erased before it gives its answer, or
    before it begins (``first``)."""
    owner, name = method
    whole, loop, done = getattr(owner, name), asyncio.get_running_loop(), []

    def interrupted(*arguments: Any, **named: Any) -> Any:
        found = None if first else whole(*arguments, **named)
        if not done:
            done.append(1)
            erasing = server.parts.erasures.begin(CONFERENCE, [attendee])
            asyncio.run_coroutine_threadsafe(erasing, loop).result(20)
        return whole(*arguments, **named) if first else found

    patch.setattr(owner, name, interrupted)


def grants(directory: SqliteDirectory, attendee: str) -> list[Any]:
    return directory.keys.grants_of("attendee", attendee)


@run_to_end
async def test_a_link_asked_for_before_an_erasure_is_not_made_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with inside(tmp_path) as server:
        who = (await server.registered("ada"))["attendee"]
        await in_between(server, (SqliteSessions, "first_link"), who, monkeypatch, first=True)
        answer = await server.organizer.post(f"/v1/conferences/{CONFERENCE}/attendees/{who}/link")
        assert (answer.status_code, answer.json()["type"]) == (404, "urn:hallway:problem:attendee")
        assert grants(server.parts.directory, who) == []


@run_to_end
async def test_a_link_that_was_read_before_an_erasure_makes_no_session_after_it(tmp_path: Path) -> None:
    async with inside(tmp_path) as server:
        made = await server.registered("ada")
        # Stale bytes of a file, or of a copy that was put back, bring no row of a link to life either.
        directory = server.parts.directory
        rows = directory._base.read("SELECT * FROM grants WHERE subject = ?", (made["attendee"],))
        await server.parts.erasures.begin(CONFERENCE, [made["attendee"]])
        directory._base.insert("grants", "", rows)
        answer = await server.client().post("/v1/session", json={"link": secret_of(made["link"])})
        assert answer.status_code == 401
        assert "hallway_session" not in answer.cookies


@run_to_end
async def test_a_code_begun_in_a_session_that_an_erasure_ends_is_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with inside(tmp_path) as server:
        made = await server.registered("ada")
        client = server.client()
        await client.post("/v1/session", json={"link": secret_of(made["link"])})
        await in_between(server, (SqliteKeys, "authenticate"), made["attendee"], monkeypatch)
        answer = await client.post("/v1/me/accounts", json={"account": "x:canary"})
        assert answer.status_code == 404
        assert server.parts.directory._base.read("SELECT * FROM codes") == []
