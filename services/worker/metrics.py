"""A worker's Prometheus metrics, on this machine only: its position, and how much it has handled.

Invariants: no label has a conference, an account or an attendee. It listens on 127.0.0.1 only.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from services.usage_errors import UnusableError
from streams.workers.faust.app import WorkerApp


class WorkerCollector(Collector):
    """Called by Prometheus in another thread; it only reads metrics."""

    def __init__(self, worker: WorkerApp, kind: str) -> None:
        self._worker, self._kind = worker, kind

    def collect(self) -> Iterable[Metric]:
        """Yields the current series."""
        metrics = self._worker.metrics()
        for name, value, says in (
            ("frames", metrics.frames, "Frames that were handled."),
            ("records", metrics.records, "Records in the frames that were handled."),
        ):
            counted = CounterMetricFamily(f"hallway_worker_{name}", says, labels=["kind"])
            counted.add_metric([self._kind], value)
            yield counted
        seconds = CounterMetricFamily("hallway_worker_seconds", "Time spent on frames.", labels=["kind"])
        seconds.add_metric([self._kind], metrics.seconds)
        yield seconds
        position = GaugeMetricFamily(
            "hallway_worker_position", "The offset of the next record.", labels=["kind", "partition"]
        )
        for partition, offset in sorted(metrics.positions.items()):
            position.add_metric([self._kind, str(partition)], offset)
        yield position


@contextmanager
def serve_metrics(worker: WorkerApp, kind: str, port: int | None) -> Iterator[None]:
    """Serves the metrics at ``port`` of 127.0.0.1; None: not at all."""
    if port is None:
        yield
        return
    registry = CollectorRegistry()
    registry.register(WorkerCollector(worker, kind))
    ProcessCollector(registry=registry)
    try:
        server, thread = start_http_server(port, addr="127.0.0.1", registry=registry)
    except (OSError, OverflowError) as error:
        raise UnusableError(f"Port {port} cannot be used for --metrics-port ({error}).") from None
    try:
        yield
    finally:
        server.shutdown()
        thread.join(1.0)
