"""Producers of aiokafka, and what is private in them: thrown away, one sends nothing later and leaves no task."""

import asyncio
import time

import pytest
from aiokafka.errors import KafkaError

from services.kafka.access import Access
from services.kafka.client_shutdown import thrown_away
from services.kafka.gateway.batches import Message
from services.kafka.gateway.group_append import Appending, connected
from services.kafka.gateway.limits import Limits
from services.runtime import StoppedError, UnavailableError
from services.tools.local_kafka import LocalKafka
from tests.kafka.gateway.conftest import Place
from tests.kafka.gateway.logs import records

QUICK = Limits(answer_s=1.0, connect_s=2.0, request_s=1.0, close_s=1.0, again_s=0.05)


def _messages(place: Place, *values: bytes) -> list[Message]:
    return [Message(place.topics.log, "c", "clock.ticked", value) for value in values]


def _tasks() -> set[str]:
    return {str(task.get_coro()) for task in asyncio.all_tasks() if task is not asyncio.current_task()}


async def _in_doubt(kafka: LocalKafka, place: Place) -> None:
    producer, _ = await connected(Access(place.servers), list(place.topics), QUICK)
    batch = producer.create_batch()
    batch.append(timestamp=None, key=b"c", value=b"later")
    kafka.kill()
    future = await producer.send_batch(batch, place.topics.log, partition=0)
    await asyncio.wait({future}, timeout=0.5)
    assert not future.done()  # it tries again without end
    began = time.monotonic()
    await thrown_away(producer, QUICK.close_s)
    assert time.monotonic() - began < 3 * QUICK.close_s + 1
    assert isinstance(future.exception(), KafkaError)
    assert _tasks() == set()
    kafka.start()


@pytest.mark.slow
def test_what_is_thrown_away_is_not_sent_later(own_kafka: LocalKafka, own_place: Place) -> None:
    asyncio.run(_in_doubt(own_kafka, own_place))
    assert records(own_place.servers, own_place.topics.log) == []


async def _over_an_outage(kafka: LocalKafka, place: Place) -> list[str]:
    appending = Appending(Access(place.servers), list(place.topics), QUICK)
    task = asyncio.create_task(appending.run())
    said: list[str] = []
    try:
        await _until_written(appending, _messages(place, b"one"), said)
        kafka.kill()
        while (word := await _say(appending, _messages(place, b"lost"))) != "UnavailableError":
            said.append(word)
        await kafka.start_soon()
        await _until_written(appending, _messages(place, b"two", b"three"), said)
    finally:
        appending.close()
        await asyncio.wait({task}, timeout=5)
    assert task.done()
    with pytest.raises(StoppedError):
        await appending.append(_messages(place, b"never"))
    return said


async def _say(appending: Appending, messages: list[Message]) -> str:
    try:
        await appending.append(messages)
    except (UnavailableError, TimeoutError) as error:
        return type(error).__name__
    return "written"


async def _until_written(appending: Appending, messages: list[Message], said: list[str]) -> None:
    async with asyncio.timeout(60):
        while (word := await _say(appending, messages)) != "written":  # noqa: ASYNC110  # it says nothing by itself
            await asyncio.sleep(0.02)
    said.append(word)


@pytest.mark.slow
def test_after_one_doubt_the_rest_is_refused_and_then_written(own_kafka: LocalKafka, own_place: Place) -> None:
    assert asyncio.run(_over_an_outage(own_kafka, own_place)) == ["written", "TimeoutError", "written"]
    assert [record.value for record in records(own_place.servers, own_place.topics.log)] == [b"one", b"two", b"three"]


async def _shared(place: Place) -> None:
    appending = Appending(Access(place.servers), list(place.topics), Limits())
    task = asyncio.create_task(appending.run())
    try:
        await _until_written(appending, _messages(place, b"first"), [])
        callers = [
            [
                Message(topic, f"k{caller % 5}", "t", f"{caller}-{n}".encode())
                for n in range(7)
                for topic in place.topics
            ]
            for caller in range(200)
        ]
        spots = await asyncio.gather(*[appending.append(messages) for messages in callers])
    finally:
        appending.close()
        await asyncio.wait({task}, timeout=5)
    stands = {
        (topic, record.partition, record.offset): record.value
        for topic in place.topics
        for record in await asyncio.to_thread(records, place.servers, topic)
    }
    for messages, found in zip(callers, spots, strict=True):
        for message, spot in zip(messages, found, strict=True):
            assert stands[message.topic, spot.partition, spot.offset] == message.value
    assert len(stands) == 200 * 7 * 3 + 1


@pytest.mark.slow
def test_many_share_an_acknowledgement_and_each_is_told_where_its_own_stands(place: Place) -> None:
    asyncio.run(_shared(place))
