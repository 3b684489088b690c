"""A Faust agent as its documentation shows it, each event decoded by orjson. ``BROKER TOPIC RECORDS``"""

import sys
from collections.abc import AsyncIterator
from tempfile import mkdtemp
from uuid import uuid4

import faust
import orjson
from mode import Worker

from tests.bench_kafka.peers.counting import Count


def main(broker: str, topic: str, wanted: int) -> None:
    """Reads until all are read."""
    app = faust.App(
        f"plain-{uuid4().hex}",
        broker=f"kafka://{broker}",
        datadir=mkdtemp(),
        web_enabled=False,
        topic_disable_leader=True,
    )
    posts = app.topic(topic, value_serializer="raw", key_serializer="raw")
    count = Count(wanted)

    @app.agent(posts)
    async def read(stream: AsyncIterator[bytes]) -> None:
        async for value in stream:
            orjson.loads(value)
            count.add()

    Worker(app, loglevel="ERROR").execute_from_commandline()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
