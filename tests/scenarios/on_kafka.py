"""Stories on Faust on a real Kafka: one broker and one matcher process for all, each story a conference of its own.

Owns: bringing a story into the log of its own conference and its outputs out of the topic of matches.
May never: look into the worker. Theory: behind a story stands a record that nobody can read; its dead letter is
written after the outputs of all that stands before, so whoever sees it has them all.
"""

import asyncio
import json
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

from schemas.topics import CONFERENCE_LOG, DEAD_LETTERS, MATCHES
from services.kafka import topics
from services.kafka.access import Access
from services.kafka.partitioner import partition_of
from services.kafka.topic_reader import TopicReader
from services.kafka.topic_writer import TopicWriter
from streams.matching.ids import match_id
from streams.workers.dead_letters import decode_dead_letter
from streams.workers.ports import Message
from tests.model.match_ids import MatchIds
from tests.model.records import Json
from tests.scenarios.story import CONFERENCE
from tests.workers.running import Topics, Worker, until

PARTITIONS = 2
END = b"the story ends"


class Stage:
    """The broker's topics, the matcher, and the way in and out; a context manager."""

    def __init__(self, address: str, prefix: str, folder: Path) -> None:
        self._address, self._prefix = address, prefix
        self._worker = Worker("matcher", address, prefix, folder, "--no-ticks")
        self._numbers = count(1)
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        self._topics = self._runner.run(self._open())
        self._worker.__enter__()  # it refuses to start without its topics
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._runner.run(self._close())
        self._runner.close()
        self._worker.__exit__(kind, error, trace)

    async def _open(self) -> Topics:
        await topics.create(Access(self._address), self._prefix, partitions=PARTITIONS)
        producer = await TopicWriter(Access(self._address)).__aenter__()
        return Topics(producer, await TopicReader(Access(self._address)).__aenter__(), self._prefix)

    async def _close(self) -> None:
        await self._topics.producer.__aexit__()
        await self._topics.reader.__aexit__()

    def told(self, events: Sequence[Json]) -> list[Json]:
        """The outputs of a story, in the model's form."""
        conference = f"story-{next(self._numbers)}"
        lines = self._runner.run(self._played(conference, _as_a_log(events, conference)))
        ids = MatchIds()
        return [ids.seen({**json.loads(line), "conference": CONFERENCE}) for line in lines]

    async def _played(self, conference: str, lines: Sequence[bytes]) -> list[bytes]:
        key, partition = conference.encode(), partition_of(conference.encode(), PARTITIONS)
        matches, letters = self._prefix + MATCHES, self._prefix + DEAD_LETTERS
        reader = self._topics.reader
        first, seen = (await reader.ends(matches))[partition], (await reader.ends(letters))[partition]
        messages = [Message(key, line) for line in [*lines, END]]
        end = await self._topics.producer.produce(self._prefix + CONFERENCE_LOG, messages)

        async def is_over() -> bool:
            last = (await reader.ends(letters))[partition]
            if last == seen:
                assert self._worker.alive(), self._worker.log()
                return False
            async for raws in reader.read(letters, partition, seen, last):
                if any(letter.position == end - 1 for letter in map(decode_dead_letter, raws) if letter is not None):
                    return True
            return False

        await until(is_over, every_s=0.01)
        found: list[bytes] = []
        async for raws in reader.read(matches, partition, first, (await reader.ends(matches))[partition]):
            found += [raw.value for raw in raws if raw.key == key]
        return found


def _as_a_log(events: Sequence[Json], conference: str) -> list[bytes]:
    """The story as the log of another conference; where it says no ``recorded_at``: the running maximum of ``at``."""
    lines, now = [], ""
    for event in events:
        own = {**event, "conference": conference}
        if event["type"] == "match.answered" and not isinstance(event["match"], str):
            a, b, n = event["match"]
            own["match"] = match_id(conference, a, b, n)
        now = max(now, event.get("recorded_at", event["at"]))
        lines.append(json.dumps({**own, "recorded_at": now}).encode())
    return lines
