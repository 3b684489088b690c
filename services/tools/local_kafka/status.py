"""What a data folder's broker is: its process, its ports, whether it runs.

Owns: ``broker.json``. May never: take a process for ours because of its number alone: numbers are used again.
"""

import json
import os
from pathlib import Path
from typing import NamedTuple, Self

from services.tools.local_kafka import metadata_probe
from services.tools.local_kafka.ports import HOST
from services.tools.processes import termination

FOLDER = Path("hallway-data") / "kafka"  # where `hallway kafka up` keeps one, unless it is told otherwise


class NodeStatus(NamedTuple):
    """The broker that was started last in a folder."""

    pid: int
    port: int
    controller_port: int
    version: str

    @property
    def address(self) -> str:
        """Where clients find it."""
        return f"{HOST}:{self.port}"

    @classmethod
    def load(cls, folder: Path) -> Self | None:
        """What is written in the folder; None where nothing (readable) is."""
        try:
            said = json.loads((folder / "broker.json").read_bytes())
            return cls(**{name: kind(said[name]) for name, kind in cls.__annotations__.items()})
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, folder: Path) -> None:
        """Replaces what is written in the folder."""
        coming = folder / "broker.json.coming"
        coming.write_text(json.dumps(self._asdict()) + "\n", encoding="utf-8")
        coming.replace(folder / "broker.json")

    def is_running(self, folder: Path) -> bool:
        """Whether the process lives and is this folder's broker (or the guard before it)."""
        return termination.is_running(self.pid, config_of(folder))

    def query(self, limit_s: float = metadata_probe.ANSWER_S) -> metadata_probe.Cluster | None:
        """What it answers; None where it does not in time."""
        return metadata_probe.query_cluster(HOST, self.port, limit_s)


def config_of(folder: Path) -> Path:
    """The settings with which a folder's broker runs; on its command line, so it is known by them."""
    return folder.resolve() / "server.properties"


def bytes_in(folder: Path) -> int:
    """What a folder takes on the disk, in bytes (Kafka's index files are mostly holes)."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(path) / name).lstat().st_blocks * 512
            except FileNotFoundError:  # Kafka deleted it meanwhile
                continue
    return total
