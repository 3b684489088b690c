"""Twenty times in a row the server is killed, emptied, stopped or paused while outputs come and people follow."""

import asyncio
import os
import random
import signal
from functools import partial

import pytest

from schemas.outputs import AnyOutput
from services.inbox.memory import MemoryInboxes
from services.inbox.port import InboxQuota
from services.inbox.redis.inboxes import RedisInboxes
from streams.runtime.inboxes import InboxLostError, InboxUnavailableError
from tests.inbox.conftest import QUICK, Stores
from tests.inbox.made import CONFERENCE, history, people
from tests.inbox.seen import awaited, everything, until

TROUBLES = 20
KINDS = ("kill", "empty", "stop", "pause")


class _Run:
    """A log that grows, its delivery, and what followers saw."""

    def __init__(self, inboxes: RedisInboxes, outputs: list[AnyOutput]) -> None:
        self.inboxes, self.outputs, self.recorded, self.mark = inboxes, outputs, 0, ""
        self.most = len(outputs) * TROUBLES // (TROUBLES + 1)  # the rest comes after the last trouble, and mends it
        self.seen: dict[str, list[str]] = {attendee: [] for attendee in people(6)}

    def is_at(self, goal: int) -> bool:
        """Whether so much is recorded."""
        return self.recorded >= goal

    async def deliver(self) -> None:
        """From the mark on; rebuilt when the store says that it lost something; again when it is away."""
        while self.mark != self.outputs[-1].position:
            self.recorded = min(self.recorded + 2, self.most)
            log = self.outputs[: self.recorded]
            try:
                mark = await self.inboxes.checkpoint(CONFERENCE)
                if mark is None:
                    await self.inboxes.rebuild(CONFERENCE, log)
                    continue
                places = [output.position for output in log]
                self.mark = await self.inboxes.deliver(CONFERENCE, log[places.index(mark) + 1 if mark else 0 :])
            except (InboxUnavailableError, InboxLostError):
                await asyncio.sleep(0.01)

    async def follow(self, attendee: str) -> None:
        """What a client that never lets go sees."""
        async for entries in self.inboxes.follow(CONFERENCE, attendee):
            self.seen[attendee] += [entry.position for entry in entries]


@pytest.mark.slow
@awaited
@pytest.mark.parametrize("seed", [1, 2])
async def test_twenty_troubles_change_nothing(own_server: Stores, seed: int) -> None:
    chance, outputs, server = random.Random(seed), history(seed, outputs=4000), own_server.server
    assert server is not None
    async with own_server.open(keep=5000, limits=QUICK) as inboxes:
        assert isinstance(inboxes, RedisInboxes)
        run = _Run(inboxes, outputs)

        async def noted() -> None:
            pass  # the next delivery finds it empty

        tasks = [asyncio.create_task(run.follow(attendee)) for attendee in people(6)]
        tasks.append(asyncio.create_task(server.supervise(noted, every_s=0.01)))
        delivery = asyncio.create_task(run.deliver())
        for number in range(TROUBLES):
            goal = (number + 1) * len(outputs) // (TROUBLES + 1)
            await until(partial(run.is_at, goal), 30)
            await _trouble(own_server, chance.choice(KINDS), chance)
        run.most = len(outputs)
        await delivery
        expected = {who: [output.position for output in outputs if who in output.to] for who in people(6)}
        await until(lambda: all(len(run.seen[who]) >= len(expected[who]) for who in people(6)))
        assert run.seen == expected
        async with MemoryInboxes(quota=InboxQuota(max_per_inbox=5000)) as clean:
            await clean.rebuild(CONFERENCE, outputs)
            assert await everything(inboxes) == await everything(clean)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _trouble(stores: Stores, kind: str, chance: random.Random) -> None:
    server = stores.server
    assert server is not None
    await until(server.alive)
    if kind == "kill":
        os.kill(server.pid, signal.SIGKILL)
    elif kind == "stop":
        pid = server.pid
        os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(chance.choice((0.05, 0.5)))
        os.kill(pid, signal.SIGCONT)
    else:
        await asyncio.to_thread(_harm, stores, kind)


def _harm(stores: Stores, kind: str) -> None:
    with stores.admin() as admin:
        if kind == "empty":
            admin.flushall()
        else:
            admin.client_pause(400)
