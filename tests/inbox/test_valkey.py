"""The embedded server: private, alone in its folder, gone with its parent, started again when it falls."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from services.inbox.redis import embedded_valkey as valkey
from services.inbox.redis import server_info as asking
from services.inbox.redis.embedded_valkey import EmbeddedValkey, ValkeyError
from services.inbox.redis.inboxes import RedisInboxes
from services.processes import termination as ending
from tests.inbox.made import CONFERENCE, suggested
from tests.inbox.seen import awaited, until

ROOT = Path(__file__).parents[2]
PARENT = """
import asyncio, sys
from pathlib import Path
from services.inbox.redis.embedded_valkey import EmbeddedValkey

async def main() -> None:
    server = EmbeddedValkey(Path(sys.argv[1]))
    await server.start()
    print(server.pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def _config(folder: Path) -> Path:
    return folder.resolve() / "valkey.conf"


def _started(*command: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)


def _ended(process: subprocess.Popen[bytes]) -> None:
    with process:
        process.kill()


@awaited
async def test_it_is_private_and_keeps_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with EmbeddedValkey(folder) as server, RedisInboxes(server.url, "log-1") as inboxes:
        await inboxes.rebuild(CONFERENCE, [suggested("3-0", ("ada", "bob"))])
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (folder / "valkey.sock").stat().st_mode & 0o777 == 0o700
        assert _tcp_ports(server.pid) == []
    assert sorted(path.name for path in folder.iterdir()) == ["lock", "valkey.conf", "valkey.log"]
    async with EmbeddedValkey(folder) as server, RedisInboxes(server.url, "log-1") as inboxes:
        assert await inboxes.checkpoint(CONFERENCE) is None


def _tcp_ports(pid: int) -> list[str]:
    """The listening TCP sockets of a process."""
    mine = set()
    for handle in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            mine.add(str(handle.readlink()))
    lines = [
        line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/{pid}/net/{name}").read_text().splitlines()
    ]
    return [line[1] for line in lines[1:] if line[3] == "0A" and f"socket:[{line[9]}]" in mine]


@awaited
async def test_one_folder_one_server(tmp_path: Path) -> None:
    async with EmbeddedValkey(tmp_path) as server:
        with pytest.raises(ValkeyError, match="in use by another Hallway"):
            await EmbeddedValkey(tmp_path).start()
        assert server.alive()
    async with EmbeddedValkey(tmp_path):
        pass


@awaited
async def test_it_dies_with_a_killed_parent(tmp_path: Path) -> None:
    parent = _started(sys.executable, "-c", PARENT, str(tmp_path))
    try:
        assert parent.stdout is not None
        pid = int(await asyncio.to_thread(parent.stdout.readline))
        assert ending.is_running(pid, _config(tmp_path))
    finally:
        _ended(parent)
    await until(lambda: not ending.is_running(pid, _config(tmp_path)))
    async with EmbeddedValkey(tmp_path) as server:
        assert server.alive()


@awaited
async def test_where_the_kernel_does_not_help_the_guard_watches_its_pipe() -> None:
    told = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from services.processes import lifeline; "
    told += (
        "lifeline._watch([sys.executable, '-c', 'import os, time; print(os.getpid(), flush=True); time.sleep(600)'])"
    )
    guard = _started(sys.executable, "-c", told)
    assert guard.stdin is not None
    assert guard.stdout is not None
    pid = int(await asyncio.to_thread(guard.stdout.readline))
    guard.stdin.close()
    await until(lambda: guard.poll() is not None)
    _ended(guard)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@awaited
async def test_a_left_over_server_is_ended(tmp_path: Path) -> None:
    async with EmbeddedValkey(tmp_path):
        config = _config(tmp_path).read_text()
    _config(tmp_path).write_text(config)
    left = _started(str(valkey._binary()), str(_config(tmp_path)))
    try:
        await until(lambda: asking.query_info(tmp_path / "valkey.sock"))
        left.send_signal(signal.SIGSTOP)
        async with EmbeddedValkey(tmp_path) as server:
            await until(lambda: left.poll() is not None)
            assert server.alive()
    finally:
        _ended(left)


@awaited
async def test_a_process_that_only_has_the_number_of_an_old_one_lives_on(tmp_path: Path) -> None:
    stranger = _started(sys.executable, "-c", "import time; time.sleep(600)")
    try:
        (tmp_path / "valkey.pid").write_text(f"{stranger.pid}\n")
        async with EmbeddedValkey(tmp_path):
            assert stranger.poll() is None
    finally:
        _ended(stranger)


@awaited
async def test_a_long_temporary_folder_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / ("long" * 20)))
    async with EmbeddedValkey(tmp_path / ("also" * 20)) as server:
        assert len(server.url) < 120


@awaited
async def test_a_long_path_gets_a_short_private_socket(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 20) / 'with "quotes" and spaces'
    async with EmbeddedValkey(folder) as server, RedisInboxes(server.url, "log-1") as inboxes:
        assert await inboxes.checkpoint(CONFERENCE) is None
        short = server._socket.parent
        assert short != folder
        assert short.stat().st_mode & 0o777 == 0o700
    assert not short.exists()


@awaited
async def test_a_server_that_fell_is_started_again(tmp_path: Path) -> None:
    async with EmbeddedValkey(tmp_path) as server, RedisInboxes(server.url, "log-1") as inboxes:
        fallen = server.pid
        restarted = asyncio.Event()

        async def rebuild() -> None:
            await inboxes.rebuild(CONFERENCE, [suggested("3-0", ("ada", "bob"))])
            restarted.set()

        keeper = asyncio.create_task(server.supervise(rebuild, every_s=0.01))
        os.kill(fallen, signal.SIGKILL)
        await restarted.wait()
        assert server.pid != fallen
        assert await inboxes.checkpoint(CONFERENCE) == "3-0"
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)


@awaited
async def test_one_that_cannot_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(ValkeyError, match="ended at its start"):
        await EmbeddedValkey(tmp_path, memory_bytes=-1).start()
    async with EmbeddedValkey(tmp_path):
        pass


def test_something_else_behind_the_socket_is_no_server(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(tmp_path / "s"))
        assert asking.query_info(tmp_path / "s") is None
        other.listen()
        assert asking.query_info(tmp_path / "s") is None
