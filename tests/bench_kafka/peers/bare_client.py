"""confluent-kafka alone, each record decoded by msgspec: what a client in C can do. ``BROKER TOPIC RECORDS``"""

import gc
import sys
from uuid import uuid4

import msgspec
from confluent_kafka import Consumer

from schemas.events import ActivityPosted
from tests.bench_kafka.peers.counting import Count


def main(broker: str, topic: str, wanted: int) -> None:
    """Reads until all are read."""
    consumer = Consumer(
        {
            "bootstrap.servers": broker,
            "group.id": uuid4().hex,
            "auto.offset.reset": "earliest",
            "check.crcs": True,
            "queued.min.messages": 1_000_000,  # by default it stops fetching for a second at 100,000
        }
    )
    consumer.subscribe([topic])
    decode = msgspec.json.Decoder(ActivityPosted).decode
    gc.disable()  # as fast as it goes: the messages have no cycles
    count = Count(wanted)
    while True:
        records = consumer.consume(10_000, 0.5)
        for record in records:
            decode(record.value())
        if records:
            count.add(len(records))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
