"""Halves Kafka's start time: caches what a first run loaded and compiled (Java's AOT cache).

Responsibility: that file in the cache folder, one per Java and set of jars.
Failure modes: without the file, or with one that does not match, Java just starts as usual.
Why: a start takes 6 s of CPU time, 4 s of which are loading and compiling the same classes. Tests start dozens of
brokers, so they create the file (20 s, once); `hallway kafka up` uses it if it exists.
"""

import fcntl
import hashlib
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from services.tools.local_kafka.jars import KafkaError

TRAIN_S = 120.0


def file_for(jars: Sequence[Path], java: Path) -> Path:
    """Where the file for these jars and this Java is or would be. An empty one: making it failed."""
    image = (java.parents[1] / "lib" / "modules").stat()
    said = "\n".join([f"{image.st_size} {image.st_mtime_ns}", *(path.name for path in jars)])
    return jars[0].parent / f"{hashlib.sha256(said.encode()).hexdigest()[:16]}.aot"


def options(path: Path) -> list[str]:
    """What Java has to be told to use the file; nothing where there is none."""
    return [f"-XX:AOTCache={path}"] if path.exists() and path.stat().st_size else []


def make(path: Path, run: Callable[[Path, str], None]) -> None:
    """Makes the file, once on this machine: ``run`` runs a broker in a folder with an option, from start to end."""
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if path.exists():
            return
        coming = path.with_suffix(".coming")
        coming.unlink(missing_ok=True)
        try:
            with tempfile.TemporaryDirectory(prefix="hallway-kafka-") as folder:
                run(Path(folder), f"-XX:AOTCacheOutput={coming}")
        except KafkaError:  # a machine too busy, perhaps; the start itself, without the file, will tell
            coming.unlink(missing_ok=True)
        if not coming.exists():
            coming.touch()
        coming.replace(path)
