"""Topics of writers with transactions: what was taken back is not there, what is not finished is not there yet."""

import asyncio
import json
import secrets
from collections.abc import Sequence
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.consumer import fetcher

from schemas.topics import CONFERENCE_LOG
from services.cli.main import main
from services.kafka.access import Access
from services.kafka.topic_reader import TopicReader
from streams.workers.faust import unreadable_batches

COMMITTED, ABORTED, OPEN = ([f"{kind}{n}" for n in range(3)] for kind in ("committed", "aborted", "open"))


def _line(name: str) -> bytes:
    event = {"type": "checkin.arrived", "id": name, "at": "2026-03-09T14:05:00Z", "conference": "c1", "attendee": name}
    return json.dumps(event).encode()


async def _write(address: str, topic: str, parts: Sequence[tuple[Sequence[str], str]]) -> AIOKafkaProducer:
    """Each part in a transaction that ends as it says; the last one may stay open, and its writer is given."""
    writer = AIOKafkaProducer(bootstrap_servers=address, transactional_id=secrets.token_hex(4))
    await writer.start()
    for names, end in parts:
        await writer.begin_transaction()
        for name in names:
            await writer.send(topic, _line(name), key=b"c1", partition=0)
        await writer.flush()
        if end != "open":
            await (writer.commit_transaction() if end == "commit" else writer.abort_transaction())
    return writer


async def _read(address: str, topic: str) -> list[str]:
    async with asyncio.timeout(60), TopicReader(Access(address)) as reader:
        span = (await reader.spans(topic))[0]
        parts = [some async for some in reader.read(topic, 0, span.first, span.end)]
        return [json.loads(raw.value)["id"] for some in parts for raw in some]


@pytest.fixture(params=["plain", "as workers read"])
def _reading(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers replace how batches are unpacked."""
    if request.param != "plain":
        monkeypatch.setattr(fetcher, "PartitionRecords", unreadable_batches.PartitionRecords)


@pytest.mark.usefixtures("_reading")
def test_only_what_was_committed_is_read(kafka_address: str, made_topics: str) -> None:
    topic = made_topics + CONFERENCE_LOG

    async def story() -> None:
        parts = [(ABORTED, "abort"), (COMMITTED, "commit"), (ABORTED, "abort"), (OPEN, "open")]
        writer = await _write(kafka_address, topic, parts)
        assert await _read(kafka_address, topic) == COMMITTED
        await writer.commit_transaction()
        assert await _read(kafka_address, topic) == COMMITTED + OPEN
        await writer.stop()

    asyncio.run(story())


@pytest.mark.usefixtures("_reading")
def test_a_topic_whose_end_was_taken_back_is_read_to_its_end(kafka_address: str, made_topics: str) -> None:
    topic = made_topics + CONFERENCE_LOG

    async def story() -> None:
        writer = await _write(kafka_address, topic, [(ABORTED, "abort")])
        await writer.stop()
        assert await _read(kafka_address, topic) == []

    asyncio.run(story())


def test_a_replay_folds_nothing_that_was_taken_back(kafka_address: str, made_topics: str, tmp_path: Path) -> None:
    topic = made_topics + CONFERENCE_LOG

    async def story() -> None:
        writer = await _write(kafka_address, topic, [(COMMITTED, "commit"), (ABORTED, "abort")])
        await writer.stop()

    asyncio.run(story())
    out = tmp_path / "out.jsonl"
    assert main(["export", f"kafka://{kafka_address}/{topic}", "--output", str(out)]) == 0
    assert [json.loads(line)["id"] for line in out.read_text().splitlines()] == COMMITTED
