"""Drives a handler as Faust does: frames of any size, occasional commits, lost frames, rebalances, kills.

Responsibility: a group of one or two workers on a simulated Kafka.
"""

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from streams.runtime.errors import UnavailableError
from streams.runtime.inboxes import InboxUnavailableError
from streams.workers.frames import Frame, Partition, end_of, frames
from streams.workers.handler import Handler
from tests.workers.simulated import PARTITIONS, Broker, KilledError, Ports

MOST_STEPS = 5_000

Made = Callable[[Ports], Handler]


@dataclass
class Member:
    """A worker of the group: its handler, and where Faust reads for it."""

    handler: Handler
    ports: Ports
    at: dict[int, int] = field(default_factory=dict)


class Group:
    """Members come, die and come back, until all is committed or handled."""

    def __init__(self, broker: Broker, rng: random.Random, made: Made, deadly: float) -> None:
        self.broker, self.rng, self.made, self.deadly = broker, rng, made, deadly
        self.owners = self.kills = self.rebalances = self.waits = 0
        self.members: list[Member] = []

    async def run(self) -> None:
        """Until everything that is in the topic was handled by its owner."""
        for _ in range(MOST_STEPS):
            try:
                if self.unowned() or self.rng.random() < 0.04:
                    await self.rebalance()
                elif await self.finished():
                    return
                if self.members:
                    await self.step(self.rng.choice(self.members))
            except (KilledError, BaseExceptionGroup) as error:
                if isinstance(error, BaseExceptionGroup) and error.split(KilledError)[1] is not None:
                    raise
                self.kills += 1
                self.members = [member for member in self.members if not member.ports.dead]
        raise AssertionError("it did not come to its end")

    def unowned(self) -> bool:
        """Whether a partition is nobody's."""
        return {number for member in self.members for number in member.at} != set(range(PARTITIONS))

    async def finished(self) -> bool:
        if any([await self.behind(member) for member in self.members]):
            return False
        self.deadly = 0.0  # what is left to do between frames is done in peace
        for member in self.members:
            member.ports.deadly = 0.0
            await member.handler.maintain()
        if not any([await self.silent(member) for member in self.members]):
            return True
        self.members.clear()  # a watchdog saw that the last frame was lost
        return False

    async def silent(self, member: Member) -> bool:
        """Whether Faust has read all, but the worker has not seen it."""
        ends, done = await member.ports.ends(member.handler.topic), member.handler.positions()
        return any(done.get(number, 0) < ends[number] for number in member.at)

    async def behind(self, member: Member) -> list[int]:
        """The partitions of which Faust has not read all for a member."""
        ends = await member.ports.ends(member.handler.topic)
        return [number for number in member.at if member.at[number] < ends[number]]

    async def rebalance(self) -> None:
        """Frames under way are lost, members come and go, partitions move; reading goes on from what is committed."""
        self.rebalances += 1
        for member in self.members:
            if self.rng.random() < 0.8:  # or it is thrown out without a word
                await member.handler.revoke(list(member.at))
                self.commit(member)
        while len(self.members) < self.rng.choice((1, 1, 2)):
            self.owners += 1
            ports = Ports(self.broker, self.owners, self.rng, self.deadly)
            member = Member(self.made(ports), ports)
            await member.handler.start()
            self.members.append(member)
        shares: list[list[int]] = [[] for _ in self.members]
        for number in range(PARTITIONS):
            self.rng.choice(shares).append(number)
        for member, share in zip(self.members, shares, strict=True):
            topic = member.handler.topic
            member.handler.commits.reset()
            await member.handler.assign(share)
            member.at = {number: self.broker.committed.get((topic, number), 0) for number in share}
            member.handler.seek(dict(member.at))

    async def step(self, member: Member) -> None:
        """A frame, a look, a commit."""
        chance = self.rng.random()
        if chance < 0.1:
            with suppress(UnavailableError):
                await member.handler.maintain()
        behind = await self.behind(member)
        if behind:
            number = self.rng.choice(behind)
            log = self.broker.topics[member.handler.topic][number]
            raws = [raw for raw in log if end_of(raw) > member.at[number]][: self.rng.randint(1, 30)]
            for frame in frames(Partition(member.handler.topic, number), raws, self.rng.randint(1, 20)):
                member.at[number] = frame.end
                if self.rng.random() > 0.03:  # or Faust let go of it
                    await self.handled(member, frame)
        if chance > 0.7:
            self.commit(member)

    async def handled(self, member: Member, frame: Frame) -> None:
        """As a worker does: while the store is away it is tried again; anything else that is away ends the worker."""
        while True:
            try:
                return await member.handler.handle(frame)
            except InboxUnavailableError:
                self.waits += 1
                if self.rng.random() < 0.2:
                    await self.rebalance()
                if member not in self.members or frame.at.partition not in member.at:
                    return None
            except UnavailableError:
                member.ports.dead = True
                raise KilledError from None

    def commit(self, member: Member) -> None:
        """What Faust does with what is safe; it may fail, or the process may die behind it."""
        for at in member.handler.commits.due_partitions():
            offset = member.handler.commits.due(at)
            if offset is None or self.rng.random() < 0.2:
                continue
            self.broker.committed[at] = offset
            member.ports.step()
            member.handler.commits.mark_committed(at, offset)
