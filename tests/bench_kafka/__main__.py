"""Starts a broker, fills it, lets every reader read in turn, and prints the medians as ratios.

``python -m tests.bench_kafka [ROUNDS]``. Ends with 1 when a limit is missed. Each limit is loose enough for a busy
machine, on which all readers are slowed alike; the aim beside it is what we are after on a quiet one.
"""

import asyncio
import sys
from collections import defaultdict
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from schemas.topics import ACTIVITY
from services.tools.local_kafka import LocalKafka
from tests.bench.rows import Row, say, spread, table
from tests.bench_kafka import latency, load
from tests.bench_kafka.readers import BARE, BYTEWAX, MATCHER, PLAIN, QUIX, READERS, ROUTER, Reader, Run, run

ROUNDS = 3

Runs = dict[Reader, list[Run]]


def main(rounds: int) -> int:
    """The exit code."""
    with TemporaryDirectory() as folder, LocalKafka(Path(folder)) as kafka:
        runs = _measured(kafka.address, rounds)
    rows = _rows(runs) + latency.run()
    sys.stdout.write(table(rows))
    return 0 if all(row.holds for row in rows) else 1


def _measured(broker: str, rounds: int) -> Runs:
    runs: Runs = defaultdict(list)
    for number in range(1, rounds + 1):
        say(f"round {number}: filling ...")
        # Topics of its own: where a worker committed and kept snapshots, it would go on from there.
        posts, logs = f"posts{number}.", f"logs{number}."
        asyncio.run(load.fill_posts(broker, posts, max(reader.records for reader in READERS)))
        asyncio.run(load.fill_logs(broker, logs, MATCHER.records))
        for reader in READERS:  # one after the other, so that a busy minute does not meet one reader alone
            found = run(reader, broker, logs if reader is MATCHER else posts, posts + ACTIVITY)
            runs[reader].append(found)
            say(f"round {number}: {reader.what}: {found.speed:,.0f} records/s")
    return runs


def _rows(runs: Runs) -> list[Row]:
    speed = {reader: median(one.speed for one in found) for reader, found in runs.items()}
    rows = [
        Row(reader.what, speed[reader], "records/s", _AIMS.get(reader, ""), beside=_beside(runs[reader]))
        for reader in READERS
    ]
    rows += [
        Row("router / plain Faust", speed[ROUTER] / speed[PLAIN], aim=">= 30", least=10),
        Row("router / bare client", speed[ROUTER] / speed[BARE], aim=">= 0.35", least=0.05),
        Row("matcher / Quix Streams", speed[MATCHER] / speed[QUIX], aim="> 1", least=1),
        Row("matcher / Bytewax", speed[MATCHER] / speed[BYTEWAX], aim="> 1", least=0.5),
    ]
    return rows


_AIMS = {ROUTER: ">= 200,000"}


def _beside(found: list[Run]) -> str:
    per_cpu = median(one.records / one.cpu for one in found)
    return f"{spread([one.speed for one in found])}; {per_cpu:,.0f} a second of processor time"


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))
