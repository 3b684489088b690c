"""Runs workers as processes, and reads the topics from outside.

Responsibility: starting, killing and stopping ``hallway work``, and reading its results; never a worker's internals.
"""

import asyncio
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from services.kafka.topic_reader import TopicReader
from services.kafka.topic_writer import TopicWriter
from streams.workers.frames import Raw
from tests.forked import WORKER, Forked, fork_server

LIMIT_S = 120.0


class Worker:
    """``hallway work KIND``, started again under the same name after each kill."""

    def __init__(self, kind: str, address: str, prefix: str, folder: Path, *options: str, name: str = "") -> None:
        self.kind, self.name = kind, name or f"{kind}-1"
        self._arguments = ["work", kind, "--kafka", address, "--prefix", prefix, "--instance", self.name]
        self._arguments += ["--session", "6", *options]
        self._log = folder / f"{self.name}.log"
        self.process: Forked | None = None
        self._begun = 0

    def start(self) -> None:
        assert self.process is None or self.process.poll() is not None, "it runs"
        self._begun = len(self.log())
        self.process = fork_server(WORKER).start("services.cli.main:main", self._arguments, self._log, self._log)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        if error is not None:
            sys.stderr.write(f"--- {self.name}\n{self.log()[-4_000:]}\n")

    def log(self) -> str:
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def works(self) -> bool:
        """Whether it has got partitions since it was started."""
        return self.alive() and '"partitions": [' in self.log()[self._begun :].replace('"partitions": []', "")

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """As a fault would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def end(self, limit_s: float = 10.0) -> tuple[int, float]:
        """Tells it to end: its exit code, and how long it took."""
        assert self.process is not None
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(limit_s)
        return code, time.monotonic() - begun


class Topics:
    """What a test writes and reads, outside of any group."""

    def __init__(self, producer: TopicWriter, reader: TopicReader, prefix: str) -> None:
        self.producer, self.reader, self.prefix = producer, reader, prefix

    async def total(self, topic: str) -> int:
        """How many offsets all partitions of a topic have."""
        return sum((await self.reader.ends(self.prefix + topic)).values())

    async def all(self, topic: str) -> list[list[Raw]]:
        """The records of each partition."""
        found = []
        for partition, end in sorted((await self.reader.ends(self.prefix + topic)).items()):
            raws: list[Raw] = []
            async for some in self.reader.read(self.prefix + topic, partition, 0, end):
                raws += some
            found.append(raws)
        return found


async def until(
    holds: Callable[[], object], limit_s: float = LIMIT_S, workers: Sequence[Worker] = (), every_s: float = 0.05
) -> None:
    """Waits for what a coroutine function says; starts workers again that have ended, as whoever runs them does."""
    deadline = time.monotonic() + limit_s
    while True:
        said = holds()
        if await said if asyncio.iscoroutine(said) else said:
            return
        assert time.monotonic() < deadline, "what was waited for did not come"
        for worker in workers:
            if not worker.alive():
                worker.start()
        await asyncio.sleep(every_s)
