"""A killed matcher is back within seconds on a log of a million events: snapshots, then the rest of the log.

Processor time is measured, since it does not depend on the machine's load. The elapsed time is printed.
"""

import asyncio
import time
from pathlib import Path

import pytest

from schemas.topics import CONFERENCE_LOG
from services.kafka import topics as declared
from services.kafka.access import Access
from services.kafka.topic_reader import TopicReader
from services.kafka.topic_writer import TopicWriter
from services.tools.local_kafka import LocalKafka
from services.tools.simulation import simulate
from streams.workers.ports import Message
from tests.workers.load import ended
from tests.workers.running import Topics, Worker

PARTITIONS = 4
CONFERENCES = 8
POSTS = 110_000  # of each conference; with all else a million events
CPU_S = 5.0
SIMULATED = b"health-it-2026"

pytestmark = [pytest.mark.torture, pytest.mark.timeout(1_800)]


def log_of(conference: bytes) -> list[Message]:
    """A simulated conference as it stands in the log, its posts routed."""
    found = []
    for line in simulate(attendees=1_000, posts=POSTS, days=2, seed=2):
        routed = line.rstrip(b"\n").replace(SIMULATED, conference)
        if b'"conference":' not in routed:
            routed = routed[:-1] + b',"conference":"' + conference + b'"}'
        found.append(Message(conference, routed))
    return found


def processor_s(worker: Worker) -> float:
    """How much processor time the worker's process has used."""
    assert worker.process is not None
    fields = Path(f"/proc/{worker.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


async def restarted(address: str, folder: Path) -> list[tuple[float, float]]:
    """Of each restart the processor time and the seconds until new records of every partition were handled."""
    await declared.create(Access(address), "", partitions=PARTITIONS)
    found = []
    async with TopicWriter(Access(address)) as producer, TopicReader(Access(address)) as reader:
        topics = Topics(producer, reader, "")
        for number in range(CONFERENCES):
            messages = log_of(f"conference-{number}".encode())
            for start in range(0, len(messages), 20_000):
                await producer.produce(CONFERENCE_LOG, messages[start : start + 20_000])
        assert await topics.total(CONFERENCE_LOG) > 1_000_000
        with Worker("matcher", address, "", folder, "--no-ticks") as worker:
            await ended(topics, CONFERENCE_LOG, [worker])
            for _ in range(3):
                worker.kill()
                begun = time.monotonic()
                worker.start()
                await ended(topics, CONFERENCE_LOG, [worker])
                found.append((processor_s(worker), time.monotonic() - begun))
    return found


def test_a_killed_matcher_goes_on_within_seconds_on_a_million_events(own_kafka: LocalKafka, tmp_path: Path) -> None:
    found = asyncio.run(restarted(own_kafka.address, tmp_path))
    print("processor time and seconds:", found)  # noqa: T201
    assert max(used for used, _ in found) < CPU_S
