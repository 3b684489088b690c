"""The Prometheus metrics: requests, events, streams, lag of the fold.

Invariants: no label has an account, a token, an attendee or a raw path.
"""

from collections.abc import Callable
from contextlib import suppress

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The metrics of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "hallway_http_requests",
            "Requests by route and status.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "hallway_http_seconds", "Until the answer begins.", ("route",), registry=self.registry, buckets=SECONDS
        )
        self.events = Counter("hallway_events", "Events by what became of them.", ("status",), registry=self.registry)
        self.streams = Gauge("hallway_streams", "Streams that are open.", registry=self.registry)
        self.records = Gauge("hallway_log_records", "Records in a log.", ("conference",), registry=self.registry)
        self.takes = Gauge("hallway_takes_events", "1 while events are taken.", registry=self.registry)
        self.unfolded = Gauge(
            "hallway_unfolded_records", "Records that wait to be folded here.", registry=self.registry
        )
        self.letters = Gauge("hallway_dead_letters", "Dead letters.", registry=self.registry)
        self.mails = Gauge(
            "hallway_mails", "Mails since the start, by what became of them.", ("delivery",), registry=self.registry
        )
        self.mail_waits = Gauge("hallway_mails_waiting", "Mails that are not sent yet.", registry=self.registry)
        self.mail_works = Gauge("hallway_mail_works", "1 while mail can be sent.", registry=self.registry)
        self.body_bytes = Gauge("hallway_body_bytes", "Bytes of bodies in memory.", registry=self.registry)
        self.tasks = Gauge("hallway_tasks", "Tasks of the event loop.", registry=self.registry)
        ProcessCollector(registry=self.registry)  # memory, open files, processor time

    def track_streams(self, count: Callable[[], int]) -> None:
        """Reads the number of open streams from ``count``."""
        self.streams.set_function(count)

    def forget(self, conference: str) -> None:
        """Drops the series of a conference that was erased."""
        with suppress(KeyError):
            self.records.remove(conference)

    def observe_response(self, method: str, route: str, status: int, seconds: float) -> None:
        """Counts a response. ``seconds``: until it began."""
        self.requests.labels(method, route, str(status)).inc()
        self.seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """All metrics in the Prometheus text format."""
        return generate_latest(self.registry)
