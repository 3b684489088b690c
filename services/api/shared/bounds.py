"""All limits of the gateway, each with its reason. They do not change while the server runs."""

from dataclasses import dataclass, field

from services.admission.conference_registry import MOST_OPEN, MOST_STORED
from services.admission.rate_limits import RATES, Rate

STANDARD_BYTES = 64 * 1024  # of any body that is no list of events: a conference with its program
PAGE_LETTERS = 100


@dataclass(frozen=True, slots=True)
class Bounds:
    """Units are last in the name; the defaults are for serving, tests take smaller ones."""

    events: int = 500  # of one request
    events_bytes: int = 4 * 1024 * 1024
    csv_bytes: int = 10 * 1024 * 1024
    body_bytes: int = STANDARD_BYTES
    unauthenticated_bytes: int = 4 * 1024  # of a body from who is not authenticated: a link, a key
    buffered_bytes: int = 64 * 1024 * 1024  # bodies that are read or worked on, all together
    sender_buffered_bytes: int = 24 * 1024 * 1024  # of them one organizer's or connector's: nobody fills it alone
    attendee_buffered_bytes: int = 4 * 1024 * 1024  # of them one attendee's
    unauthenticated_buffered_bytes: int = 4 * 1024 * 1024  # of them those of all who are not authenticated
    head_s: float = 10.0  # from the opening of a line, or a request's first byte, to the end of its head
    idle_s: int = 10  # a line on which nothing comes after an answer
    body_s: float = 20.0  # for a whole body: 4 MiB at 2 Mbit/s
    linger_s: float = 2.0  # that an answer waits for the end of a body that nobody reads: its sender looks at it then
    linger_bytes: int = 1024 * 1024  # of such a body that are thrown away; then the line is closed
    ask_s: float = 5.0  # the matcher or the inbox, for a page
    read_s: float = 15.0  # an account's profile and posts, at its network
    streams_a_session: int = 6  # what a browser opens to a host at most
    streams_an_attendee: int = 12  # on all devices
    streams_a_conference: int = 5_000  # the rest are for the others, whoever is registered here
    streams: int = 6_000
    send_s: float = 30.0  # a client that takes nothing for so long is gone
    session_check_s: float = 5.0  # between two looks whether the sessions with open streams still hold
    beat_s: float = 15.0
    retry_ms: int = 2_000  # a browser's pause before it comes again
    overview_s: float = 300.0  # between two counts of an organizer's numbers: more often, and noise is averaged out
    overview_poll_s: float = 1.0  # between two looks of an organizer's stream at them
    open_conferences: int = MOST_OPEN  # of one organizer; `--conferences`, and the operator may hand over more
    stored_conferences: int = MOST_STORED  # of one organizer, closed ones too, until they are erased
    rates: dict[str, Rate] = field(default_factory=lambda: dict(RATES))

    def most_bytes(self, path: str, *, is_authenticated: bool) -> int:
        """How long a body of this path may be. ``is_authenticated``: from somebody who is authenticated."""
        if not is_authenticated:
            return self.unauthenticated_bytes
        if path == "/v1/events":
            return self.events_bytes
        return self.csv_bytes if path.endswith("/attendees/csv") else self.body_bytes
