"""Simulated logs, kept in the temporary folder so that the next run is quick; and how they are read.

Owns: the cache, keyed by the arguments and the code that makes the log. May never: measure.
"""

import os
import tempfile
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

from schemas.codec import EVENT_BYTES
from services.tools.simulation import expected_events, simulate
from tests.bench.rows import say

_CODE = Path(__file__).parents[2]


def _version() -> str:
    """Tells this simulation's code from others', for another code makes another log."""
    digest = blake2b(digest_size=6)
    folders = (_CODE / "services" / "tools" / "simulation", _CODE / "schemas")
    for path in sorted(path for folder in folders for path in folder.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def log(*, attendees: int, posts: int, days: int = 3, seed: int = 1, density: int = 1) -> Path:
    """The file with such a conference."""
    folder = Path(tempfile.gettempdir()) / f"hallway-bench-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    size = f"{attendees}-{posts}-{days}-{seed}-{density}"
    path = folder / f"{size}-{_version()}.jsonl"
    if not path.exists():
        for old in folder.glob(f"{size}-*"):
            old.unlink()
        number = expected_events(attendees=attendees, posts=posts, days=days)
        say(f"  simulating about {number:,} events (once) ...")
        part = path.with_suffix(f".{os.getpid()}.part")
        with part.open("wb") as file:
            file.writelines(simulate(attendees=attendees, posts=posts, days=days, seed=seed, density=density))
        part.rename(path)
    return path


def blocks(path: Path) -> Iterator[bytes]:
    """The file in blocks of whole lines, each at most as long as one event may be."""
    with path.open("rb") as file:
        while block := file.read(EVENT_BYTES - EVENT_BYTES // 8):
            yield block + file.readline()
