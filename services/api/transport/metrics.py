"""The Prometheus metrics: requests, events, streams, lag of the fold.

Invariants: no label has an account, a token, an attendee or a raw path.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class ConnectorNumbers(Protocol):
    """The numbers of connectors, by their kind; nobody's name."""

    def states(self) -> Mapping[tuple[str, str], int]:
        """How many run, by kind and state."""

    def lags_ms(self) -> Iterable[tuple[str, int]]:
        """Kind and lag of each."""

    def counts(self) -> Mapping[tuple[str, str], int]:
        """What they brought, by kind and what."""


class _ConnectorCollector(Collector):
    def __init__(self, numbers: ConnectorNumbers) -> None:
        self._numbers = numbers

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The families, read now."""
        states = GaugeMetricFamily("hallway_connectors", "Connectors by state.", labels=("kind", "state"))
        for (kind, state), count in self._numbers.states().items():
            states.add_metric((kind, state), count)
        yield states
        lags: dict[str, int] = {}
        for kind, lag_ms in self._numbers.lags_ms():
            lags[kind] = max(lags.get(kind, 0), lag_ms)
        lag = GaugeMetricFamily("hallway_connector_lag_seconds", "The longest lag of a kind.", labels=("kind",))
        for kind, lag_ms in lags.items():
            lag.add_metric((kind,), lag_ms / 1_000)
        yield lag
        brought = GaugeMetricFamily("hallway_connector_items", "What they brought so far.", labels=("kind", "what"))
        for (kind, what), count in self._numbers.counts().items():
            brought.add_metric((kind, what), count)
        yield brought


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

    def track_connectors(self, numbers: ConnectorNumbers) -> None:
        """Reads the numbers of connectors from ``numbers``."""
        self.registry.register(_ConnectorCollector(numbers))

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
