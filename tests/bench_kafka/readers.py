"""The readers that are compared, and how one is run: a process of its own, one after the other, never two at once.

Owns: the list. May never: read by itself.
"""

import json
import subprocess
import sys
from dataclasses import dataclass

_WAIT_S = 240.0


@dataclass(frozen=True)
class Reader:
    """``records``: how many it reads, so that each takes some seconds. ``what``: what it does with each of them."""

    name: str
    what: str
    records: int


PLAIN = Reader("plain_faust", "a plain Faust agent, orjson", 30_000)
BARE = Reader("bare_client", "confluent-kafka, msgspec", 1_000_000)
QUIX = Reader("quix", "Quix Streams, a count by key", 150_000)
BYTEWAX = Reader("bytewax_count", "Bytewax, a count by key", 300_000)
ROUTER = Reader("router", "Hallway's router, 5 % pass", 1_000_000)
MATCHER = Reader("matcher", "Hallway's matcher", 300_000)
READERS = (PLAIN, BARE, QUIX, BYTEWAX, ROUTER, MATCHER)


@dataclass(frozen=True)
class Run:
    """What a reader did once."""

    records: int
    seconds: float
    cpu: float

    @property
    def speed(self) -> float:
        """Records a second."""
        return self.records / self.seconds


def run(reader: Reader, broker: str, prefix: str, topic: str) -> Run:
    """Lets it read. RuntimeError with its last words when it fails or takes too long."""
    peer = ["-m", f"tests.bench_kafka.peers.{reader.name}", broker, topic]
    ours = ["-m", "tests.bench_kafka.ours", reader.name, broker, prefix]
    try:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", *(ours if reader in (ROUTER, MATCHER) else peer), str(reader.records)],
            capture_output=True,
            text=True,
            timeout=_WAIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"{reader.name} did not read {reader.records:,} records in {_WAIT_S:.0f} s.") from None
    lines = [line for line in done.stdout.splitlines() if line.startswith('{"records"')]
    if not lines:
        raise RuntimeError(f"{reader.name} failed: {done.stderr[-2_000:]}")
    return Run(**json.loads(lines[-1]))
