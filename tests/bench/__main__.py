"""Runs the benchmarks named, or all, prints one table, and ends with 1 if a limit is missed.

Each limit is loose enough for a busy machine; the aim beside it is what we are after on a quiet one.
"""

import sys
from collections.abc import Callable

from tests.bench import dense, fold, growth, himss, memory, ranking
from tests.bench.rows import Row, say, table
from tests.bench.serving import ingest, latency, restart, streams

BENCHES: dict[str, Callable[[], list[Row]]] = {
    "fold": fold.run,
    "dense": dense.run,
    "growth": growth.run,
    "himss": himss.run_command,
    "snapshot": himss.run_snapshot,
    "memory": memory.run,
    "ranking": ranking.run,
    "ingest": ingest.run,
    "latency": latency.run,
    "streams": streams.run,
    "restart": restart.run,
}


def main(names: list[str]) -> int:
    """The exit code: 2 for a name that is none, 1 for a missed limit."""
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        say(f"There is no benchmark {', '.join(unknown)}; there are {', '.join(BENCHES)}.")
        return 2
    rows: list[Row] = []
    for name in names or BENCHES:
        say(f"{name} ...")
        rows += BENCHES[name]()
    sys.stdout.write(table(rows))
    missed = [row for row in rows if not row.holds]
    for row in missed:
        say(f"Missed: {row.what} is {row.shown}, the limit is {row.limit_shown}.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
