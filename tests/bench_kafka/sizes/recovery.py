"""How long a matcher's restart takes, by the length of the log: with a snapshot, and with recorded outputs alone.

Owns: a real broker, a log of one conference in one partition, ``hallway work matcher`` as whoever runs it starts it.
May never: measure from inside: it looks at the worker's own metrics. Wall times have Python's start and the group in
them.

    first       nothing is known: each record is decided, and its outputs are written
    snapshot    after a clean end: a snapshot of the whole log
    outputs     the snapshots are gone: each record is folded, what was told is read
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from prometheus_client.parser import text_string_to_metric_families

from schemas.codec import Codec, Record, encode
from schemas.topics import CONFERENCE_LOG
from services.kafka import topics
from services.kafka.access import Access
from services.kafka.topic_reader import TopicReader
from services.kafka.topic_writer import TopicWriter
from services.tools.local_kafka import LocalKafka
from services.worker.snapshots import TopicSnapshots
from streams.routing import Router
from streams.workers.ports import Checkpoint, Message, typed_message
from tests.bench.logs import log
from tests.bench.rows import Row, say

LENGTHS = (10_000, 100_000, 300_000, 1_000_000)
HALLWAY = Path(sys.executable).with_name("hallway")
_WAIT_S = 300.0
_AT_ONCE = 5_000


@dataclass(frozen=True)
class Took:
    """Seconds from the start of the process to where all is folded, and of the processor."""

    wall: float
    cpu: float


def run(lengths: tuple[int, ...] = LENGTHS) -> list[Row]:
    """A row for each length and kind of restart."""
    rows: list[Row] = []
    with TemporaryDirectory() as folder, LocalKafka(Path(folder)) as kafka:
        for length in lengths:
            rows += _rows(kafka.address, f"r{length}.", length, Path(folder))
    return rows


def _rows(address: str, prefix: str, length: int, folder: Path) -> list[Row]:
    access = Access(address)
    asyncio.run(topics.create(access, prefix, partitions=1))
    conference = asyncio.run(_fill(access, prefix + CONFERENCE_LOG, length))
    rows = []
    for number, kind in enumerate(("first", "snapshot", "outputs")):
        if kind == "outputs":
            asyncio.run(_without_snapshots(access, prefix, conference))
        took = _restart(address, prefix, length + number, folder)
        say(f"{length:,} records, {kind}: {took.wall:.1f} s, {took.cpu:.1f} s of the processor")
        rows.append(Row(f"{length:,} records, {kind}", took.cpu, "s cpu", beside=f"{took.wall:.1f} s wall"))
    return rows


async def _fill(access: Access, topic: str, number: int) -> str:
    """Writes a log of so many records; whose it is."""
    found = _messages(number)
    async with TopicWriter(access) as writer:
        while some := list(islice(found, _AT_ONCE)):
            await writer.produce(topic, some)
            conference = some[0].key.decode()
    return conference


def _messages(number: int) -> Iterator[Message]:
    """The log of a conference of about so many events, with people and posts in the same measure."""
    router, decode = Router(), Codec().decode
    path = log(attendees=max(100, number * 19 // 1_000), posts=number * 2 // 5)
    with path.open("rb") as file:
        found = (decode(line) for line in file)
        routed = chain.from_iterable(router.route(record.event) for record in found if isinstance(record, Record))
        for name, event in islice(routed, number):
            yield typed_message(name, encode(event), str(event.__struct_config__.tag))


async def _without_snapshots(access: Access, prefix: str, conference: str) -> None:
    async with TopicWriter(access) as writer, TopicReader(access) as reader:
        snapshots = TopicSnapshots(writer, reader, "bench", prefix)
        await snapshots.delete(0, conference)
        await snapshots.save_checkpoint(0, Checkpoint())


def _restart(address: str, prefix: str, end: int, folder: Path) -> Took:
    """Starts a matcher; when it has its partition one record more is written, so that there is a frame."""
    began = time.monotonic()
    with _matcher(address, prefix, folder) as (process, metrics):
        said = folder / "matcher.log"
        _until(process, said, lambda: "partitions" in said.read_text())
        asyncio.run(_one_more(Access(address), prefix, end))
        _until(process, said, lambda: _metric(metrics, "hallway_worker_position") >= end + 1)
        wall, cpu = time.monotonic() - began, _metric(metrics, "process_cpu_seconds_total")
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    return Took(wall, cpu)


@contextmanager
def _matcher(address: str, prefix: str, folder: Path) -> Iterator[tuple["subprocess.Popen[bytes]", str]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [HALLWAY, "work", "matcher", "--kafka", address, "--prefix", prefix, "--instance", "bench", "--no-ticks"]
    with (folder / "matcher.log").open("wb") as said:
        process = subprocess.Popen([*command, "--metrics-port", str(port)], stdout=said, stderr=said)
    try:
        yield process, f"http://127.0.0.1:{port}/metrics"
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            process.wait(10)


async def _one_more(access: Access, prefix: str, end: int) -> None:
    async with TopicWriter(access) as writer:
        value = b'{"type":"clock.ticked","id":"bench-%d","at":"2026-03-12T00:00:00.000Z","conference":"nobody"}' % end
        await writer.produce(prefix + CONFERENCE_LOG, [typed_message("nobody", value, "clock.ticked")])


def _metric(address: str, name: str) -> float:
    try:
        text = httpx.get(address, timeout=5.0).text
    except httpx.TransportError:
        return 0.0
    found = [one.value for family in text_string_to_metric_families(text) for one in family.samples if one.name == name]
    return found[0] if found else 0.0


def _until(process: "subprocess.Popen[bytes]", said: Path, holds: Callable[[], bool]) -> None:
    limit = time.monotonic() + _WAIT_S
    while not holds():
        if process.poll() is not None or time.monotonic() > limit:
            raise RuntimeError(f"The matcher did not come to the log's end. It said: {said.read_text()[-2_000:]}")
        time.sleep(0.05)
