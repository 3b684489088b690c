"""The local Kafka: up by one command, known again, gone with whoever wanted it, back after a kill."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from services.tools.local_kafka import KafkaError, LocalKafka, ports
from services.tools.local_kafka.status import NodeStatus
from tests.kafka.shared import shared

ROOT = Path(__file__).parents[2]
PARENT = """
import sys, time
from pathlib import Path
from services.tools.local_kafka import LocalKafka

kafka = LocalKafka(Path(sys.argv[1]), brief=True)
kafka.start()
print(kafka.address, flush=True)
time.sleep(600)
"""


def until(holds: Callable[[], bool], limit_s: float = 20) -> None:
    end = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < end, "did not come true in time"
        time.sleep(0.02)


def hallway(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "services.cli.main", "kafka", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
        check=False,
    )


@pytest.mark.slow
def test_up_status_down(tmp_path: Path) -> None:
    folder = tmp_path / "Dáta = ü"  # signs that a properties file has to escape
    try:
        up = hallway("up", "--data", str(folder), "--port", str(ports.free()))
        assert up.returncode == 0, up.stderr
        standing = NodeStatus.load(folder)
        assert standing is not None
        assert f"{standing.address} (process {standing.pid}" in up.stderr
        assert "runs already" in hallway("up", "--data", str(folder)).stderr
        with pytest.raises(KafkaError, match="runs already"):
            LocalKafka(folder).start()
        status = hallway("status", "--data", str(folder))
        assert status.returncode == 0
        assert status.stdout == f"{standing.address}\n"
        assert re.search(
            rf"Kafka 4\.1\.\d at {standing.address}, process {standing.pid}, .* cluster \S+", status.stderr
        )
    finally:
        down = hallway("down", "--data", str(folder))
    assert "has ended" in down.stderr
    assert not standing.is_running(folder)
    assert standing.query() is None
    assert hallway("status", "--data", str(folder)).returncode == 1
    again = hallway("down", "--data", str(folder))
    assert (again.returncode, "No Kafka runs" in again.stderr) == (0, True)


@pytest.mark.slow
def test_it_dies_with_a_killed_parent_and_comes_back_at_its_port_after_kills(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        assert parent.stdout is not None
        address = parent.stdout.readline().strip()
        left = NodeStatus.load(tmp_path)
        assert left is not None
        assert left.is_running(tmp_path)
    finally:
        parent.kill()
        parent.communicate()
    until(lambda: not left.is_running(tmp_path))
    with LocalKafka(tmp_path, brief=True) as kafka:
        assert kafka.address == address
        cluster = NodeStatus.query(left)
        kafka.kill()
        assert not kafka.alive()
        assert NodeStatus.query(left) is None
        kafka.start()
        assert (kafka.address, NodeStatus.query(left)) == (address, cluster)
    assert not kafka.alive()


@pytest.mark.slow
def test_a_shared_one_ends_with_its_last_holder(tmp_path: Path) -> None:
    with shared(tmp_path) as first:
        with shared(tmp_path) as second:
            assert second == first
        assert first.is_running(tmp_path)
    until(lambda: not first.is_running(tmp_path))
    until(lambda: first.query(0.5) is None)


def test_a_process_with_the_written_number_is_not_ended(tmp_path: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        NodeStatus(other.pid, 1, 2, "4").write(tmp_path)
        assert "No Kafka runs" in hallway("down", "--data", str(tmp_path)).stderr
        assert other.poll() is None
    finally:
        os.kill(other.pid, signal.SIGKILL)
        other.wait()


def test_a_taken_port_is_reported(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        up = hallway("up", "--data", str(tmp_path), "--port", str(taken.getsockname()[1]))
    assert up.returncode == 2
    assert "is taken by another program" in up.stderr
