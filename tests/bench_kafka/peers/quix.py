"""Quix Streams counting by key in its state. ``BROKER TOPIC RECORDS``"""

import sys
from tempfile import mkdtemp
from typing import Any
from uuid import uuid4

from quixstreams import Application, State

from tests.bench_kafka.peers.counting import Count


def main(broker: str, topic: str, wanted: int) -> None:
    """Reads until all are read."""
    app = Application(
        broker_address=broker,
        consumer_group=uuid4().hex,
        auto_offset_reset="earliest",
        state_dir=mkdtemp(),
        loglevel="ERROR",
    )
    posts = app.dataframe(app.topic(topic, key_deserializer="str", value_deserializer="json"))
    count = Count(wanted)

    def counted(_: dict[str, Any], state: State) -> int:
        number = (state.get("posts") or 0) + 1
        state.set("posts", number)
        return number

    posts = posts.apply(counted, stateful=True)
    posts.update(lambda _: count.add())
    app.run()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
