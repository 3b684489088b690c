"""All limits of the gateway, each with its reason. They do not change while the server runs."""

from dataclasses import dataclass, field

from services.admission.conference_registry import MOST_OPEN, MOST_STORED
from services.admission.rate_limits import RATES, Rate

STANDARD_BYTES = 64 * 1024  # of a body that is not a list of events: a conference with its program fits
PAGE_LETTERS = 100


@dataclass(frozen=True, slots=True)
class Bounds:
    """The unit is last in each name. The defaults are for production; tests use smaller ones."""

    events: int = 500  # of one request
    events_bytes: int = 4 * 1024 * 1024
    csv_bytes: int = 10 * 1024 * 1024
    car_bytes: int = 4 * 1024 * 1024  # of a person's posts; larger ones are fetched from their server
    body_bytes: int = STANDARD_BYTES
    unauthenticated_bytes: int = 4 * 1024  # of an unauthenticated caller's body: a link, a key
    buffered_bytes: int = 64 * 1024 * 1024  # all bodies that are being read or processed
    sender_buffered_bytes: int = (
        24 * 1024 * 1024
    )  # of them one organizer's or connector's, so that nobody fills it alone
    attendee_buffered_bytes: int = 4 * 1024 * 1024  # of them one attendee's
    unauthenticated_buffered_bytes: int = 4 * 1024 * 1024  # of them those of all unauthenticated callers
    head_s: float = 10.0  # from opening a connection, or a request's first byte, to the end of its head
    idle_s: int = 10  # keep-alive: a connection without a further request
    body_s: float = 20.0  # for a whole body: 4 MiB at 2 Mbit/s
    linger_s: float = (
        2.0  # how long a response waits for the rest of an unread body, because its client reads only then
    )
    linger_bytes: int = 1024 * 1024  # discarded of such a body before the connection is closed
    ask_s: float = 5.0  # for a query to the matcher or the inbox
    read_s: float = 15.0  # for an account's profile and posts at its network
    streams_a_session: int = 6  # as many connections as a browser opens to a host
    streams_an_attendee: int = 12  # on all their devices
    streams_a_conference: int = 5_000  # the rest are reserved for other conferences
    streams: int = 6_000
    send_s: float = 30.0  # a client that reads nothing for so long is disconnected
    session_check_s: float = 5.0  # between two checks that the sessions with open streams are still valid
    link_requests_s: float = 1.0  # between two look-ups of those who asked for a link by mail, all together
    beat_s: float = 15.0
    retry_ms: int = 2_000  # a browser's pause before it reconnects
    overview_s: float = 300.0  # between two counts of an organizer's numbers; more often would average out the noise
    overview_poll_s: float = 1.0  # between two polls of them by an organizer's stream
    open_conferences: int = MOST_OPEN  # of one organizer; `--conferences`; the operator may transfer more
    stored_conferences: int = MOST_STORED  # of one organizer, closed ones too, until they are erased
    rates: dict[str, Rate] = field(default_factory=lambda: dict(RATES))

    def most_bytes(self, path: str, *, is_authenticated: bool) -> int:
        """How many bytes a body for this path may have. ``is_authenticated``: the caller is."""
        if not is_authenticated:
            return self.unauthenticated_bytes
        if path == "/v1/events":
            return self.events_bytes
        if path == "/v1/me/past/car":
            return self.car_bytes
        return self.csv_bytes if path.endswith("/attendees/csv") else self.body_bytes
