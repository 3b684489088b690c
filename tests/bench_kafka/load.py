"""What the readers read: posts for all, logs of conferences for the matcher.

Owns: what the records of the benchmark look like. May never: measure.
Of all posts one in twenty has the hashtag that the conference tracks: about what passes of what a connector brings in.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import chain, islice

from confluent_kafka import Producer
from msgspec.structs import replace

from schemas.codec import Codec, Record, encode
from schemas.topics import ACTIVITY, CONFERENCE_LOG
from services.kafka import topics
from services.kafka.access import Access
from services.kafka.topic_reader import TopicReader
from services.kafka.topic_writer import TopicWriter
from services.worker.backfill import mark_backfilled
from services.worker.snapshots import TopicSnapshots
from streams.routing import Router
from tests.bench.logs import log

PARTITIONS = 4
PASSING = 20  # one in so many
ACTORS = 5_000
HASHTAG = "hallway"  # none that the conferences of ``logs`` track, or a post would go to them too
CONFERENCE = "bench"
LOGS = 4  # conferences, each a simulated one of its own
_WAIT_S = 60.0

Line = tuple[bytes, bytes]  # key, value


def opened() -> Line:
    """The conference that the router routes to."""
    event = {
        "type": "conference.opened",
        "id": "opened",
        "at": "2026-03-01T00:00:00.000Z",
        "source": "organizer:bench",
        "conference": CONFERENCE,
        "name": "Bench",
        "hashtags": [HASHTAG],
        "starts_at": "2026-03-09T00:00:00.000Z",
        "ends_at": "2026-03-12T00:00:00.000Z",
        "time_zone": "UTC",
        "places": [],
        "chats": [],
    }
    return CONFERENCE.encode(), json.dumps(event, separators=(",", ":")).encode()


def posts(number: int) -> Iterator[Line]:
    """So many posts, about 200 bytes each, the same at every call."""
    for n in range(number):
        actor = f"p:a{n * 7_919 % ACTORS:05d}"
        tag = HASHTAG if n % PASSING == 0 else f"other{n % 97}"
        at = f"2026-03-09T15:{n // 60_000 % 60:02d}:{n // 1_000 % 60:02d}.{n % 1_000:03d}Z"
        line = (
            f'{{"type":"activity.posted","id":"p:{n:012d}","at":"{at}",'
            f'"source":"connector:bench","actor":"{actor}","hashtags":["{tag}"],'
            f'"mentions":["p:a{(n * 7_919 + 1) % ACTORS:05d}"]}}'
        )
        yield actor.encode(), line.encode()


def logs(number: int) -> Iterator[Line]:
    """So many records of the logs of several conferences, in turn; each is the same simulated one, routed."""
    router, decode = Router(), Codec().decode
    path = log(attendees=1_000, posts=2 * number // LOGS)
    with path.open("rb") as file:
        found = (decode(line) for line in file)
        routed = chain.from_iterable(router.route(record.event) for record in found if isinstance(record, Record))
        for _, event in islice(routed, number // LOGS):
            for n in range(LOGS):
                name = f"{CONFERENCE}-{n}"
                yield name.encode(), encode(replace(event, conference=name))


async def fill_posts(broker: str, prefix: str, number: int) -> None:
    """The activity topic, and the log with the opening of a conference that is done with its past."""
    access = Access(broker)
    await topics.create(access, prefix, partitions=PARTITIONS)
    _fill(broker, prefix + CONFERENCE_LOG, [opened()])
    _fill(broker, prefix + ACTIVITY, posts(number))
    async with TopicWriter(access) as writer, TopicReader(access) as reader:
        await mark_backfilled(TopicSnapshots(writer, reader, "bench", prefix), CONFERENCE)


async def fill_logs(broker: str, prefix: str, number: int) -> None:
    """The log's topic."""
    await topics.create(Access(broker), prefix, partitions=PARTITIONS)
    _fill(broker, prefix + CONFERENCE_LOG, logs(number))


def _fill(broker: str, topic: str, lines: Iterable[Line]) -> None:
    """RuntimeError when the broker does not take them."""
    settings = {
        "bootstrap.servers": broker,
        "compression.type": "lz4",
        "linger.ms": 20,
        "enable.idempotence": True,
        "partitioner": "murmur2_random",
    }
    producer = Producer(settings)
    for n, (key, line) in enumerate(lines):
        kind = line[9 : line.index(b'"', 9)]
        producer.produce(topic, line, key, headers=[("type", kind)])
        if n % 10_000 == 0:
            producer.poll(0)
            while len(producer) > 50_000:
                producer.poll(0.05)
    if producer.flush(_WAIT_S):
        raise RuntimeError(f"The broker did not take the records of {topic}.")
