"""Whatever is done with them, the Redis inboxes tell what the simple ones in memory tell."""

import asyncio
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.inbox.memory import MemoryInboxes
from services.inbox.port import InboxQuota, ResumeLostError
from services.inbox.redis.inboxes import RedisInboxes
from streams.runtime.inboxes import InboxLostError, InboxUnavailableError
from tests.inbox.conftest import Stores
from tests.inbox.made import CONFERENCE, history, people
from tests.inbox.seen import everything

OUTPUTS = {seed: history(seed, number=4, outputs=40) for seed in range(5)}
AT = st.integers(0, 40)
WHO = st.sampled_from(people(4))
SHARES = st.builds(
    InboxQuota,
    max_per_inbox=st.sampled_from([2, 5, 100]),
    entries=st.sampled_from([8, 30, 10_000]),
    min_per_inbox=st.sampled_from([1, 2]),
    cards=st.sampled_from([3, 8, 10_000]),
)
STEPS = st.one_of(
    st.tuples(st.just("deliver"), AT, AT, st.sets(WHO, max_size=1)),
    st.tuples(st.just("deliver"), AT, AT, st.just(set())),
    st.tuples(st.just("erase"), WHO),
    st.tuples(st.just("rebuild"), AT, st.sets(WHO, max_size=2)),
    st.tuples(st.just("end")),
    st.tuples(st.just("forget")),
    st.tuples(st.just("read"), WHO, st.integers(0, 30), st.integers(1, 5)),
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 4), share=SHARES, steps=st.lists(STEPS, max_size=12))
def test_redis_equals_memory(over_redis: Stores, seed: int, share: InboxQuota, steps: list[tuple[Any, ...]]) -> None:
    async def compared() -> None:
        with over_redis.admin() as admin:
            admin.flushall()
        simple = MemoryInboxes(quota=share)
        async with over_redis.open(share=share) as inboxes:
            assert isinstance(inboxes, RedisInboxes)
            for step in (("rebuild", 0, set()), *steps):
                assert await _done(inboxes, seed, step) == await _done(simple, seed, step), step
                assert await _told(inboxes) == await _told(simple), step

    asyncio.run(compared())


async def _done(inboxes: MemoryInboxes | RedisInboxes, seed: int, step: tuple[Any, ...]) -> object:
    """What a step answers: a value, or the name of an error."""
    outputs = OUTPUTS[seed]
    try:
        match step:
            case ("deliver", start, length, erased):
                return await inboxes.deliver(CONFERENCE, outputs[start : start + length], erased)
            case ("erase", attendee):
                await inboxes.erase(CONFERENCE, attendee)
            case ("rebuild", length, erased):
                return await inboxes.rebuild(CONFERENCE, outputs[:length], erased)
            case ("end",):
                await inboxes.end(CONFERENCE)
            case ("forget",):
                await inboxes.forget(CONFERENCE)
            case ("read", attendee, after, limit):
                return await inboxes.read(CONFERENCE, attendee, after, limit)
    except (InboxLostError, InboxUnavailableError, ResumeLostError) as error:
        return type(error).__name__
    return None


async def _told(inboxes: MemoryInboxes | RedisInboxes) -> object:
    try:
        told = {who: await inboxes.current(CONFERENCE, who) for who in people(4)}
    except InboxUnavailableError:
        return await inboxes.checkpoint(CONFERENCE)
    try:
        return told, await everything(inboxes, people(4))
    except ResumeLostError:
        return told, "trimmed"
