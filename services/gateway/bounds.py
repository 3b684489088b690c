"""Every bound of the gateway in one place.

Owns: the numbers and why they are what they are. May never: be changed while it runs.
"""

from dataclasses import dataclass, field

from services.door.limits import RATES, Rate

STANDARD_BYTES = 64 * 1024  # of any body that is no list of events: a conference with its program
PAGE_LETTERS = 100


@dataclass(frozen=True, slots=True)
class Bounds:
    """Units are last in the name; the defaults are for serving, tests take smaller ones."""

    events: int = 500  # of one request
    events_bytes: int = 4 * 1024 * 1024
    csv_bytes: int = 10 * 1024 * 1024
    body_bytes: int = STANDARD_BYTES
    buffered_bytes: int = 64 * 1024 * 1024  # bodies being read, all together
    head_s: float = 10.0  # from the opening of a line, or a request's first byte, to the end of its head
    idle_s: int = 10  # a line on which nothing comes after an answer
    body_s: float = 20.0  # for a whole body: 4 MiB at 2 Mbit/s
    ask_s: float = 5.0  # the matcher or the inbox, for a page
    read_s: float = 15.0  # an account's profile and posts, at its network
    streams_a_session: int = 6  # what a browser opens to a host at most
    streams: int = 5_000
    send_s: float = 30.0  # a client that takes nothing for so long is gone
    ended_s: float = 5.0  # between two looks whether the sessions with open streams still hold
    beat_s: float = 15.0
    retry_ms: int = 2_000  # a browser's pause before it comes again
    overview_s: float = 300.0  # between two counts of an organizer's numbers: more often, and noise is averaged out
    looked_s: float = 1.0  # between two looks of an organizer's stream at them
    rates: dict[str, Rate] = field(default_factory=lambda: dict(RATES))

    def most_bytes(self, path: str) -> int:
        """How long a body of this path may be."""
        if path == "/v1/events":
            return self.events_bytes
        return self.csv_bytes if path.endswith("/attendees/csv") else self.body_bytes
