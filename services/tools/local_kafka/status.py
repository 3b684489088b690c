"""The broker of a data folder: its process, its ports, whether it runs (``broker.json``).

Invariants: a pid alone does not identify the broker, because pids are reused.
"""

import json
import os
from pathlib import Path
from typing import NamedTuple, Self

from services.processes import termination
from services.tools.local_kafka import metadata_probe
from services.tools.local_kafka.ports import HOST

FOLDER = Path("hallway-data") / "kafka"  # the default folder of `hallway kafka up`


class NodeStatus(NamedTuple):
    """The broker that was last started in a folder."""

    pid: int
    port: int
    controller_port: int
    version: str

    @property
    def address(self) -> str:
        """The address for clients."""
        return f"{HOST}:{self.port}"

    @classmethod
    def load(cls, folder: Path) -> Self | None:
        """Loads the folder's status; None if there is none or it is unreadable."""
        try:
            said = json.loads((folder / "broker.json").read_bytes())
            return cls(**{name: kind(said[name]) for name, kind in cls.__annotations__.items()})
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, folder: Path) -> None:
        """Writes the folder's status."""
        coming = folder / "broker.json.coming"
        coming.write_text(json.dumps(self._asdict()) + "\n", encoding="utf-8")
        coming.replace(folder / "broker.json")

    def is_running(self, folder: Path) -> bool:
        """Whether the process exists and is this folder's broker (or its guard)."""
        return termination.is_running(self.pid, config_of(folder))

    def query(self, limit_s: float = metadata_probe.ANSWER_S) -> metadata_probe.Cluster | None:
        """Queries the broker; None if it does not answer within ``limit_s``."""
        return metadata_probe.query_cluster(HOST, self.port, limit_s)


def config_of(folder: Path) -> Path:
    """The settings file of a folder's broker; on its command line, which identifies it."""
    return folder.resolve() / "server.properties"


def bytes_in(folder: Path) -> int:
    """A folder's size on the disk in bytes (Kafka's index files are mostly holes)."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(path) / name).lstat().st_blocks * 512
            except FileNotFoundError:  # Kafka deleted it meanwhile
                continue
    return total
