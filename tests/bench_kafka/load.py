"""The posts that every reader reads, and the topic that holds them.

Owns: what a post of the benchmark looks like. May never: measure.
Of all posts one in twenty has the hashtag that the conference tracks: about what a conference's connector lets through
of what people post in these weeks.
"""

from collections.abc import Iterator

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

PARTITIONS = 4
PASSING = 20  # one in so many
ACTORS = 5_000
HASHTAG = "hitsm"
_WAIT_S = 60.0


def posts(number: int) -> Iterator[tuple[bytes, bytes]]:
    """(key, line) of so many posts, about 180 bytes each, the same at every call."""
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


def fill(broker: str, topic: str, number: int) -> None:
    """Makes the topic and writes the posts into it. RuntimeError when the broker does not take them."""
    made = AdminClient({"bootstrap.servers": broker}).create_topics([NewTopic(topic, PARTITIONS, 1)])
    made[topic].result(_WAIT_S)
    producer = Producer({"bootstrap.servers": broker, "compression.type": "lz4", "linger.ms": 20, "acks": "all"})
    for n, (key, line) in enumerate(posts(number)):
        producer.produce(topic, line, key)
        if n % 10_000 == 0:
            producer.poll(0)
            while len(producer) > 50_000:
                producer.poll(0.05)
    if producer.flush(_WAIT_S):
        raise RuntimeError("The broker did not take the posts of the benchmark.")
