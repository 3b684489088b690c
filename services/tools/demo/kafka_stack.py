"""The demo's own Kafka stack: a broker, its topics, and the workers, all ending with it.

Failure modes: a worker that ends is not restarted: it ends the demo with its last log line.
"""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

from services.kafka import topics
from services.kafka.access import Access
from services.processes import termination
from services.processes.children import hallway_command
from services.tools.local_kafka import LocalKafka
from services.usage_errors import UnusableError

KINDS = ("router", "matcher", "delivery")
_LOOK_S = 0.5
_SAID = 300  # characters of last words


@asynccontextmanager
async def start_broker(folder: Path) -> AsyncIterator[Access]:
    """A Kafka in this folder with its topics, until the end."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    async with LocalKafka(folder / "kafka") as kafka:
        access = Access(kafka.address)
        await topics.create(access)
        yield access


class Workers:
    """``async with Workers(...)``: a router, a matcher and a delivery. Start them from the main thread (``guard``)."""

    def __init__(self, access: Access, redis_url: str, folder: Path) -> None:
        self._access, self._redis_url, self._folder = access, redis_url, folder
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    async def __aenter__(self) -> Self:
        for kind in KINDS:
            self._processes[kind] = self._start(kind)
        return self

    async def __aexit__(self, *_: object) -> None:
        for process in self._processes.values():
            process.kill()  # what is under way comes again, if anybody goes on in this folder
            process.wait()
            termination.close(process)

    def _start(self, kind: str) -> subprocess.Popen[bytes]:
        options = ["--redis", self._redis_url] if kind == "delivery" else []
        with self._log(kind).open("wb") as log:
            return subprocess.Popen(  # noqa: S603 - our own interpreter and script
                hallway_command("work", kind, "--kafka", self._access.address, *options),
                stdin=subprocess.PIPE,  # held open: its end tells the guard that we are gone
                stdout=log,
                stderr=log,
            )

    def _log(self, kind: str) -> Path:
        return self._folder / f"{kind}.log"

    async def wait_for_end(self) -> None:
        """UnusableError when one of them ends."""
        while True:
            for kind, process in self._processes.items():
                if process.poll() is not None:
                    said = self._log(kind).read_text(encoding="utf-8", errors="replace").strip()[-_SAID:]
                    raise UnusableError(f"The {kind} ended with {process.returncode}: {said}")
            await asyncio.sleep(_LOOK_S)


async def run_beside(workers: Workers, play: Coroutine[Any, Any, None]) -> None:
    """Plays while they work. UnusableError when one of them ends before."""
    async with workers:
        tasks = [asyncio.create_task(play), asyncio.create_task(workers.wait_for_end())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
        for task in done:
            task.result()
