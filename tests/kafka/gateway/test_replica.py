"""The copy's follower over a consumer that the test plays: what goes wrong with a log, and what it makes of it."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

from schemas.codec import encode_output
from schemas.outputs import DeadLetter
from schemas.topics import CONFERENCE_ERASED, TYPE_HEADER
from services.directory.sqlite import SqliteDirectory
from services.journal.sqlite import SqliteReadReplica
from services.kafka.access import Access
from services.kafka.gateway.batches import TopicPosition
from services.kafka.gateway.limits import Limits
from services.kafka.gateway.read_replica import ForeignLogError, ReplicaConsumer, ReplicatedEvent
from services.kafka.gateway.topics import topic_names

TOPICS = topic_names()
LOG, LETTERS = TopicPartition(TOPICS.log, 0), TopicPartition(TOPICS.dead_letters, 0)
QUICK = Limits(poll_s=0.01, silence_s=0.03, retry_s=0.01, connect_s=1.0)
LETTER = encode_output(DeadLetter(reason="r", field=None, source="s", position=1, bytes="", at=None))


def tick(number: int, **more: str) -> bytes:
    rest = "".join(f',"{name}":"{value}"' for name, value in more.items())
    head = b'{"type":"clock.ticked","id":"t-%d","at":"2026-01-01T00:00:00Z","conference":"c"' % number
    return head + rest.encode() + b"}"


class Topic:
    """A partition: values by offset, from ``start`` on."""

    def __init__(self, *values: bytes | None, start: int = 0) -> None:
        self.start, self.values = start, list(values)

    @property
    def end(self) -> int:
        return self.start + len(self.values)


class Consumer:
    """What Kafka's client does for the follower; ``mute``: it gives nothing though there is something."""

    def __init__(self, parts: Mapping[TopicPartition, Topic], mute: bool = False) -> None:
        self._parts, self._mute = parts, mute
        self._places: dict[TopicPartition, int] = {}
        self._closed = False

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def assignment(self) -> set[TopicPartition]:
        return set(self._parts)

    async def beginning_offsets(self, parts: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return {part: self._parts[part].start for part in parts}

    async def end_offsets(self, parts: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return {part: self._parts[part].end for part in parts}

    def seek(self, part: TopicPartition, offset: int) -> None:
        self._places[part] = offset

    async def getmany(self, timeout_ms: int, max_records: int) -> dict[TopicPartition, list[Any]]:
        await asyncio.sleep(0)
        found: dict[TopicPartition, list[Any]] = {}
        for part, topic in self._parts.items():
            place = self._places[part]
            if not self._mute and place < topic.end:
                values = topic.values[place - topic.start :][:max_records]
                found[part] = [_record(part, place + n, value) for n, value in enumerate(values)]
                self._places[part] = place + len(values)
        if not found:
            await asyncio.sleep(timeout_ms / 1_000)
        return found


ERASES = b"(the record that erases the conference)"


def _record(part: TopicPartition, offset: int, value: bytes | None) -> SimpleNamespace:
    headers: tuple[tuple[str, bytes], ...] = ()
    if value == ERASES:
        value, headers = None, ((TYPE_HEADER, CONFERENCE_ERASED.encode()),)
    fields = {"key": b"c", "value": value, "timestamp": 1_000 + offset, "headers": headers}
    return SimpleNamespace(partition=part.partition, offset=offset, **fields)


class Played(ReplicaConsumer):
    """Its consumers come from a list; the last one stays."""

    def play(self, *consumers: Consumer) -> None:
        self.played = list(consumers)  # type: ignore[attr-defined]

    def _consumer(self) -> Any:
        left: list[Consumer] = self.played  # type: ignore[attr-defined]
        return left.pop(0) if len(left) > 1 else left[0]

    async def _check_cluster(self) -> None: ...


@contextmanager
def replica(folder: Path, *consumers: Consumer) -> Iterator[tuple[Played, list[ReplicatedEvent], SqliteReadReplica]]:
    taken: list[ReplicatedEvent] = []
    drops = [True, False]  # the first time the fold has not come to its end

    def drop(conference: str) -> bool:
        assert conference == "c"
        return drops.pop() if drops else True

    journal = SqliteReadReplica(folder)
    kafka = Access("nowhere")
    keys = SqliteDirectory(None, lambda: 0).letter_keys
    made = Played(kafka, "cluster", TOPICS, journal, keys, taken.extend, drop, lambda name: None, lambda: 0, QUICK)
    made.play(*consumers)
    try:
        yield made, taken, journal
    finally:
        journal.close()


async def _until(made: ReplicaConsumer, what: Callable[[], bool]) -> None:
    task = asyncio.create_task(made.run())
    try:
        async with asyncio.timeout(10):
            while not what():
                if task.done():
                    await task
                await asyncio.sleep(0.005)
    finally:
        task.cancel()
        await asyncio.wait({task})


def test_what_cannot_be_folded_is_kept_all_the_same(tmp_path: Path) -> None:
    log = Topic(tick(1), b"no json", None, tick(2, recorded_at="2027-01-01T00:00:00Z"), tick(3))
    with replica(tmp_path, Consumer({LOG: log, LETTERS: Topic(b"no letter", LETTER)})) as (made, taken, journal):
        asyncio.run(_until(made, lambda: made.is_caught_up))
        assert [came.record.event.id for came in taken] == ["t-1", "t-2", "t-3"]
        assert [came.offset for came in taken] == [0, 3, 4]
        assert [row.line for row in journal.read("c")] == [value for value in log.values if value is not None]
        own = 1_798_761_600_000
        assert [row.recorded_at for row in journal.read("c")] == [1_000, 1_001, own, own]  # never falls
        assert [letter.line for letter in journal.dead_letters()] == [LETTER]
        assert journal.next_offsets() == {f"{LOG.topic}/0": 5, f"{LETTERS.topic}/0": 2}


def test_of_an_erased_conference_nothing_is_left_and_nothing_comes_again(tmp_path: Path) -> None:
    log = Topic(tick(1), tick(2))
    parts = {LOG: log, LETTERS: Topic()}
    with replica(tmp_path, Consumer(parts)) as (made, _, journal):
        asyncio.run(_until(made, lambda: journal.length("c") == 2))
    log.values += [tick(3), ERASES, tick(4)]
    with replica(tmp_path, Consumer(parts), Consumer(parts)) as (made, taken, journal):
        asyncio.run(_until(made, lambda: journal.next_offsets()[f"{LOG.topic}/0"] == 5))
        assert (taken, journal.conferences(), journal.erased()) == ([], [], {"c"})
    log.values += [tick(5), ERASES]
    with replica(tmp_path, Consumer(parts)) as (made, taken, journal):
        assert journal.notices == []
        asyncio.run(_until(made, lambda: journal.next_offsets()[f"{LOG.topic}/0"] == 7))
        assert (taken, journal.conferences(), journal.erased()) == ([], [], {"c"})


def test_it_goes_on_where_the_copy_ends(tmp_path: Path) -> None:
    log = Topic(tick(1), tick(2))
    parts = {LOG: log, LETTERS: Topic()}
    with replica(tmp_path, Consumer(parts)) as (made, taken, _):
        asyncio.run(_until(made, lambda: made.is_caught_up))
    log.values.append(tick(3))
    with replica(tmp_path, Consumer(parts)) as (made, taken, _):
        asyncio.run(_until(made, lambda: made.is_caught_up))
        assert [came.record.event.id for came in taken] == ["t-3"]


def test_a_silent_consumer_is_found_out_and_made_anew(tmp_path: Path) -> None:
    parts = {LOG: Topic(tick(1)), LETTERS: Topic()}
    with replica(tmp_path, Consumer(parts, mute=True), Consumer(parts, mute=True), Consumer(parts)) as (made, taken, _):
        asyncio.run(_until(made, lambda: bool(taken)))
        assert made.is_caught_up


@pytest.mark.parametrize("log", [Topic(tick(1)), Topic(tick(1), tick(2), tick(3), start=7)])
def test_another_log_is_refused(tmp_path: Path, log: Topic) -> None:
    with replica(tmp_path, Consumer({LOG: Topic(tick(1), tick(2)), LETTERS: Topic()})) as (made, _, journal):
        asyncio.run(_until(made, lambda: made.is_caught_up))
    with replica(tmp_path, Consumer({LOG: log, LETTERS: Topic()})) as (made, _, journal):
        with pytest.raises(ForeignLogError, match="another log"):
            asyncio.run(_until(made, lambda: False))
        assert journal.length("c") == 2


def test_dead_letters_that_are_no_more_are_passed_over(tmp_path: Path) -> None:
    parts = {LOG: Topic(), LETTERS: Topic(LETTER, start=9)}
    with replica(tmp_path, Consumer(parts)) as (made, _, journal):
        asyncio.run(_until(made, lambda: made.is_caught_up))
        assert journal.next_offsets() == {f"{LETTERS.topic}/0": 10}


def test_a_full_disk_holds_it_up_and_loses_nothing(tmp_path: Path) -> None:
    parts = {LOG: Topic(tick(1), tick(2, source="x" * 500_000)), LETTERS: Topic()}
    with replica(tmp_path, Consumer(parts), Consumer(parts)) as (made, taken, journal):
        journal._db.execute("PRAGMA max_page_count=20")

        def room() -> bool:
            journal._db.execute("PRAGMA max_page_count=100000")
            return bool(taken)

        asyncio.run(_until(made, lambda: len(made.played) == 1 and room()))  # type: ignore[attr-defined]
        assert [came.record.event.id for came in taken if came.record] == ["t-1"]
        assert journal.length("c") == 2


def test_what_was_accepted_is_waited_for(tmp_path: Path) -> None:
    log = Topic(tick(1))

    async def waited(made: ReplicaConsumer) -> None:
        task = asyncio.create_task(made.run())
        reached = asyncio.create_task(made.wait_for(LOG.topic, TopicPosition(0, 1)))
        await asyncio.sleep(0.05)
        assert not reached.done()
        log.values.append(tick(2))
        async with asyncio.timeout(5):
            await reached
        task.cancel()
        await asyncio.wait({task})

    with replica(tmp_path, Consumer({LOG: log, LETTERS: Topic()})) as (made, _, journal):
        asyncio.run(waited(made))
        assert journal.length("c") == 2
