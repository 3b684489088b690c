"""A real Kafka of one node in a folder: started, awaited, and stopped with its owner.

Responsibility: the folder (locked while it starts), the process, its two ports.
Invariants: it never ends a process that it did not start. A folder keeps its ports, so that clients find the broker
again after a restart.
Why: three lifetimes. Attached (tests, benches): it dies with this process, even if that is killed. Shared: it dies when
nothing holds its pipe any more. Detached (``hallway kafka up``): it lives until ``down``.
"""

import asyncio
import fcntl
import secrets
import subprocess
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum, auto
from pathlib import Path
from typing import Self

from services.processes import lifeline as guard
from services.processes import termination
from services.processes.children import guarded_command
from services.tools.local_kafka import aot_cache as warming
from services.tools.local_kafka import jars, ports, settings
from services.tools.local_kafka.jars import KAFKA_VERSION, KafkaError
from services.tools.local_kafka.status import NodeStatus, config_of

START_S = 90.0  # 3 s on a quiet machine; many at once on a busy one take their time
STOP_S = 20.0
FREED_S = 5.0  # a killed process may be gone while the kernel still closes its ports
_POLL_S = 0.05
_TRIES = 3  # a port that was free may be taken by the time


class Life(Enum):
    """With whom the broker lives."""

    ATTACHED = auto()
    DETACHED = auto()


class LocalKafka:
    """``with LocalKafka(folder) as kafka: kafka.address``, or ``async with``. Start it from a thread that stays.

    ``port`` 0: the one this folder had before, else a free one. ``life``: see above; a number is the reading end of the
    pipe whose holders share the broker. ``brief``: for tests; a third of the work at
    the start, slower in the long run. ``options``: of Java. ``properties``: of the server, beside or instead of ours;
    ``formatted``: options with which Kafka prepares an empty folder.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        heap_mb: int = settings.HEAP_MB,
        life: Life | int = Life.ATTACHED,
        brief: bool = False,
        options: Sequence[str] = (),
        properties: Mapping[str, object] | None = None,
        formatted: Sequence[str] = (),
    ) -> None:
        self._folder, self._port, self._life = folder.resolve(), port, life
        self._heap_mb, self._brief, self._options = heap_mb, brief, options
        self._properties, self._formatted = properties, formatted
        self._standing: NodeStatus | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """HOST:PORT, the same after each restart."""
        return self._start_process().address

    @property
    def pid(self) -> int:
        """The broker's process (a shared one's guard)."""
        return self._start_process().pid

    def alive(self) -> bool:
        """Whether the process runs. It may still be stopped or slow."""
        return self._process is not None and self._process.poll() is None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        await self.start_soon()
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.stop)

    def start(self, advance: jars.Advance = lambda done, total: None) -> None:
        """Starts the broker and waits until it answers. ``advance`` hears of a first download. KafkaError."""
        with self._prepare(advance) as command:
            self._spawn(command)
            self._wait_until_ready()

    async def start_soon(self) -> None:
        """As ``start``, without holding the loop up."""
        prepared = self._prepare(lambda done, total: None)
        command = await asyncio.to_thread(prepared.__enter__)
        try:
            self._spawn(command)  # here: the kernel ends the broker with the thread that started it
            await asyncio.to_thread(self._wait_until_ready)
        finally:
            prepared.__exit__(None, None, None)

    def stop(self, limit_s: float = STOP_S) -> None:
        """Ends the broker in good order."""
        process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(limit_s)
        except subprocess.TimeoutExpired:
            process.kill()
        self._wait_until_gone(process)

    def kill(self) -> None:
        """Ends the broker at once (SIGKILL), as a fault would. ``start`` brings it back at its port."""
        assert self._process is not None, "not started"
        self._process.kill()
        self._wait_until_gone(self._process)

    def _wait_until_gone(self, process: subprocess.Popen[bytes]) -> None:
        process.wait(STOP_S)
        if process.stdin is not None:
            termination.close(process)
        self._process = None

    def _start_process(self) -> NodeStatus:
        assert self._standing is not None, "not started"
        return self._standing

    @contextmanager
    def _prepare(self, advance: jars.Advance) -> Iterator[list[str]]:
        """The command line of a folder that is ready to run, and locked until the broker is."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise KafkaError(f"Another process is starting the Kafka of {self._folder} right now.") from None
            before = NodeStatus.load(self._folder)
            if before is not None and before.is_running(self._folder):
                raise KafkaError(f"The Kafka of {self._folder} runs already, at {before.address}.")
            found = jars.install_jars(advance)
            self._standing = _assign_ports(self._port, before)
            self._write_settings()
            if not (self._folder / "data" / "meta.properties").exists():
                self._format(found)
            options = [*self._options, *self._aot_options(found)]
            yield settings.broker_command(found, self._folder, self._heap_mb, brief=self._brief, options=options)

    def _aot_options(self, found: list[Path]) -> list[str]:
        path = warming.file_for(found, settings.java())
        if self._brief and not path.exists():
            warming.make(path, _train_aot)
        return [] if self._options else warming.options(path)

    def _write_settings(self) -> None:
        standing = self._start_process()
        text = settings.server(self._folder, standing.port, standing.controller_port, self._properties)
        config_of(self._folder).write_text(text, encoding="utf-8")
        (self._folder / "log4j2.properties").write_text(settings.logging(self._folder), encoding="utf-8")

    def _format(self, found: list[Path]) -> None:
        cluster = urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
        command = settings.format_command(found, self._folder, cluster if cluster[0] != "-" else "A" + cluster[1:])
        done = subprocess.run(  # noqa: S603 - our own Java and jars
            [*command, *self._formatted], capture_output=True, text=True, check=False, timeout=START_S
        )
        if done.returncode:
            raise KafkaError(f"Kafka could not prepare {self._folder}: {(done.stderr or done.stdout).strip()[-500:]}")

    def _spawn(self, command: list[str]) -> None:
        detached = self._life is Life.DETACHED
        if isinstance(self._life, int):
            command = guarded_command(*command, parent=guard.SHARED)
        elif not detached:
            command = guarded_command(*command)
        stdin = self._life if isinstance(self._life, int) else subprocess.DEVNULL if detached else subprocess.PIPE
        with (self._folder / "console.log").open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, script, Java and jars
                command, stdin=stdin, stdout=log, stderr=log, cwd=self._folder, start_new_session=detached
            )
        self._standing = self._start_process()._replace(pid=self._process.pid)
        self._standing.write(self._folder)

    def _wait_until_ready(self) -> None:
        process, standing, end = self._process, self._start_process(), time.monotonic() + START_S
        assert process is not None, "spawned before"
        while time.monotonic() < end:
            cluster = standing.query()
            if cluster is not None and cluster.brokers:
                return
            if process.poll() is not None:
                self._wait_until_gone(process)
                raise KafkaError(f"Kafka ended at its start: {self._last_words()} See {self._folder / 'broker.log'}.")
            time.sleep(_POLL_S)
        self.stop()
        raise KafkaError(f"Kafka did not answer within {START_S:g} s; see {self._folder / 'broker.log'}.")

    def _last_words(self) -> str:
        for name in ("broker.log", "console.log"):
            path = self._folder / name
            lines = path.read_text(errors="replace").splitlines() if path.exists() else []
            wrong = [line for line in lines if " ERROR " in line or " FATAL " in line or "rror:" in line]
            if wrong:
                return wrong[-1][:500]
        return "it said nothing."


def down(folder: Path) -> NodeStatus | None:
    """Ends the broker that was started in a folder, if it runs: politely, then at once. What it was, or None."""
    standing = NodeStatus.load(folder)
    if standing is None or not standing.is_running(folder):
        return None
    if not termination.end_process(standing.pid, config_of(folder), STOP_S):
        raise KafkaError(f"The Kafka of {folder} (process {standing.pid}) does not end.")
    return standing


def _train_aot(folder: Path, option: str) -> None:
    kafka = LocalKafka(folder, options=[option])
    kafka.start()
    kafka.stop(warming.TRAIN_S)  # at its end Java writes what it has learnt


def _assign_ports(port: int, before: NodeStatus | None) -> NodeStatus:
    if port and not ports.free_within(port, FREED_S if before is not None and before.port == port else 0):
        raise KafkaError(f"Port {port} is taken by another program. Choose another one, or none for a free one.")
    if before is None:
        return NodeStatus(0, port or ports.free(), ports.free(), KAFKA_VERSION)
    kept = before.port if port or ports.free_within(before.port, FREED_S) else ports.free()
    controller = before.controller_port
    if controller == port or not ports.free_within(controller, FREED_S):
        controller = ports.free()
    return NodeStatus(0, port or kept, controller, KAFKA_VERSION)
