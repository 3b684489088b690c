"""A thousand streams opened and cut off leave nothing behind: no stream, task, file or memory."""

import asyncio

import pytest

from tests.api.people import now
from tests.server.many import A_SESSION, all_opened
from tests.server.process import CONFERENCE, Hallway, Person, until
from tests.server.proof import discreet
from tests.server.watching import Watch

STREAMS = 1_000
PEOPLE = 20
MOST_LEFT_BYTES = 6_000_000  # of the process; a thousand kept streams would be 20 MB and more


@pytest.mark.slow
def test_a_thousand_streams_opened_and_cut_off_leave_nothing(hallway: Hallway) -> None:
    with hallway.running():
        people = hallway.people(PEOPLE)
        asyncio.run(_opened_and_cut_off(hallway, people, PEOPLE * A_SESSION))  # what is made once is made
        before = _settled(hallway)
        asyncio.run(_opened_and_cut_off(hallway, people, STREAMS))
        after = _settled(hallway)
        for name, most in (
            ("hallway_tasks", 2),
            ("process_open_fds", 2),
            ("process_resident_memory_bytes", MOST_LEFT_BYTES),
        ):
            assert after[name] <= before[name] + most, (name, before[name], after[name])
        with Watch(hallway, people[0]) as watch:
            assert hallway.gauges()["hallway_streams"] == 1
            _meet(hallway, *people[:2])
            watch.wait_for(1)
        assert hallway.stop()[0] == 0
        discreet(hallway)


def _settled(hallway: Hallway) -> dict[str, float]:
    return dict(until(lambda: (found := hallway.gauges())["hallway_streams"] == 0 and found))


async def _opened_and_cut_off(hallway: Hallway, people: list[Person], count: int) -> None:
    sessions = [who.session for who in people]
    for _ in range(0, count, len(sessions) * A_SESSION):
        for stream in await all_opened(hallway.address, sessions):
            await stream.close()
        await asyncio.to_thread(_settled, hallway)


def _meet(hallway: Hallway, one: Person, other: Person) -> None:
    said = [(at, *pair) for at in (now(-86_400), now()) for pair in ((one, other), (other, one))]
    common = {"type": "activity.posted", "hashtags": ["hitsm"]}
    posts = [
        common | {"id": f"x:{number}", "at": at, "actor": a.account, "mentions": [b.account]}
        for number, (at, a, b) in enumerate(said)
    ]
    here = [
        {"type": "checkin.arrived", "id": f"c{who.id}", "at": now(), "conference": CONFERENCE, "attendee": who.id}
        for who in (one, other)
    ]
    with hallway.client("connector") as connector, hallway.client("organizer") as organizer:
        assert connector.post("/v1/events", json=posts).status_code == 200
        assert organizer.post("/v1/events", json=here).status_code == 200
