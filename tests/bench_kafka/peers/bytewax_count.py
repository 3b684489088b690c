"""Bytewax counting by key in its state, each record decoded by msgspec. ``BROKER TOPIC RECORDS``"""

import sys
from typing import Any

import bytewax.operators as op
import msgspec
from bytewax.connectors.kafka import KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.testing import run_main

from schemas.events import ActivityPosted
from tests.bench_kafka.peers.counting import Count


class Counting(StatelessSinkPartition[Any]):
    """Counts what comes out."""

    def __init__(self, count: Count) -> None:
        self.count = count

    def write_batch(self, items: list[Any]) -> None:
        self.count.add(len(items))


class Sink(DynamicSink[Any]):
    """One worker, one count."""

    def __init__(self, count: Count) -> None:
        self.count = count

    def build(self, step_id: str, worker_index: int, worker_count: int) -> Counting:
        return Counting(self.count)


def main(broker: str, topic: str, wanted: int) -> None:
    """Reads until all are read."""
    decode = msgspec.json.Decoder(ActivityPosted).decode
    flow = Dataflow("count")
    posts = op.input("in", flow, KafkaSource([broker], [topic], batch_size=10_000))
    keyed = op.map("decoded", posts, lambda record: (record.key.decode(), decode(record.value)))
    counted = op.stateful_map("count", keyed, lambda state, _: ((state or 0) + 1,) * 2)
    op.output("out", counted, Sink(Count(wanted)))
    run_main(flow)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
