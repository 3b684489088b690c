"""From an accepted check-in to the card on a stream, on a quiet moment: ``python -m tests.gateway.latency [PAIRS]``."""

import json
import sys
import tempfile
import time
from pathlib import Path
from statistics import quantiles

from tests.gateway.people import Server, attendee, opened, stream, talked


def measured(server: Server, pairs: int) -> list[float]:
    """Milliseconds, one a pair."""
    organizer = opened(server)
    found = []
    for number in range(pairs):
        one, other = (attendee(server, organizer, f"l{number}-{side}") for side in "ab")
        talked(server, one, other)
        one.say("/v1/me/here")
        with stream(server, one.http, "/v1/me/stream") as live:
            other.say("/v1/me/here")
            accepted = time.monotonic()
            event = live.next()
            assert json.loads(event["data"])["kind"] == "suggested"
            found.append(max(0.0, (float(event["at_s"]) - accepted) * 1_000))
    return found


def main() -> None:
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder)) as server:
        found = quantiles(measured(server, pairs), n=100)
    sys.stdout.write(f"check-in accepted -> stream, {pairs} pairs: p50 {found[49]:.1f} ms, p99 {found[98]:.1f} ms\n")


if __name__ == "__main__":
    main()
