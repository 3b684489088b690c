"""Streams that are opened and closed leave nothing behind: no task, no connection, no waiter."""

import asyncio
from pathlib import Path

import httpx
import pytest

from tests.gateway.people import LIMIT_S, Attendee, Server, attendee, good, opened, stream, talked, until


def gauge(server: Server) -> float:
    text = server.client().get("/metrics").text
    (line,) = [line for line in text.splitlines() if line.startswith("hallway_streams ")]
    return float(line.split()[1])


def files(server: Server) -> int:
    assert server.process is not None
    return sum(1 for _ in Path(f"/proc/{server.process.pid}/fd").iterdir())


async def opened_and_closed(server: Server, who: Attendee, times: int) -> None:
    """By four at a time, each cut off as soon as it has begun."""

    async def one() -> None:
        limits = httpx.Limits(max_keepalive_connections=0)
        cookies = dict(who.http.cookies)
        async with httpx.AsyncClient(base_url=server.address, cookies=cookies, limits=limits, timeout=LIMIT_S) as http:
            while True:
                async with http.stream("GET", "/v1/me/stream") as answer:
                    if answer.status_code == 429:
                        await asyncio.sleep(0.01)
                        continue
                    assert answer.status_code == 200
                    await anext(answer.aiter_raw())
                    return

    for start in range(0, times, 4):
        await asyncio.gather(*[one() for _ in range(min(4, times - start))])


def leaves_nothing(server: Server, times: int) -> None:
    organizer = opened(server)
    ada, bob = (attendee(server, organizer, name) for name in ("ada", "bob"))
    asyncio.run(opened_and_closed(server, ada, 4))
    until(lambda: gauge(server) == 0)
    before = files(server)
    asyncio.run(opened_and_closed(server, ada, times))
    until(lambda: gauge(server) == 0)
    until(lambda: files(server) <= before + 2)
    talked(server, ada, bob)
    with stream(server, ada.http, "/v1/me/stream") as live:
        ada.say("/v1/me/here")
        bob.say("/v1/me/here")
        assert live.next()["event"] == "suggested"


def test_two_hundred_streams_leave_nothing(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        leaves_nothing(server, 200)


@pytest.mark.torture
def test_a_thousand_streams_leave_nothing(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        leaves_nothing(server, 1_000)


def test_a_session_has_six_streams_at_most(server: Server) -> None:
    organizer = opened(server, "six")
    ada = attendee(server, organizer, "six", "six")
    context = [stream(server, ada.http, "/v1/me/stream") for _ in range(7)]
    streams = [each.__enter__() for each in context]
    assert [each.status for each in streams] == [200] * 6 + [429]
    for each in context:
        each.__exit__(None, None, None)
    until(lambda: gauge(server) == 0)
    assert good(server.client().get("/healthz/live")) == {"status": "live"}
