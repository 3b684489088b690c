"""A fold in a process of its own, so that its memory is its own; writes what it found as JSON.

``python -m tests.bench.child FILE [snapshot]``
"""

import json
import resource
import sys
from pathlib import Path
from time import process_time

from tests.bench.folding import Folded, fold, no_gc

KIB = 1024


def rss() -> int:
    """Bytes in memory now; where the system does not say, the most there ever were."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return peak()
    return pages * resource.getpagesize()


def peak() -> int:
    """The most bytes that were in memory (macOS counts bytes, others KiB)."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * KIB


def main(path: Path, with_snapshot: bool) -> None:
    """Folds, measures, and puts the numbers out."""
    before = rss()
    folded = fold(path)
    state = folded.matcher.state
    found = {
        "events": folded.events,
        "outputs": folded.outputs,
        "seconds": folded.seconds,
        "grown": rss() - before,
        "peak": peak(),
        "posts": len(state.posts),
        "attendees": len(state.attendees),
    }
    if with_snapshot:
        found |= _snapshot(folded)
    json.dump(found, sys.stdout)


def _snapshot(folded: Folded) -> dict[str, float]:
    from streams.matching.snapshot import restore, snapshot

    with no_gc():
        began = process_time()
        kept = snapshot(folded.matcher)
        taken = process_time()
        again = restore(kept)
        restored = process_time()
        assert snapshot(again) == kept, "what was restored is not what was kept"
    return {"snapshot": taken - began, "restore": restored - taken, "bytes": len(kept)}


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:] == ["snapshot"])
