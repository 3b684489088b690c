"""``hallway topics create``, ``allow``, ``check``, ``show``: the declared topics in a cluster, and their ACLs."""

import sys
from collections.abc import Sequence
from typing import Annotated

from cyclopts import App, Parameter

from schemas.topics import DAY_MS, FOREVER, PARTITIONS, TOPICS, Topic
from services.cli.connection_options import Kafka, Prefix, kafka_access, run_with_kafka
from services.cli.logs.summary import plural, say
from services.kafka.access import Access
from services.usage_errors import UnusableError

app = App(name="topics", help="Create, check and show Hallway's topics, and set their ACLs.")
_User = Annotated[str, Parameter(help="The Kafka user of this program.")]
_MOST_PARTITIONS = 10_000


@app.command
def create(
    *,
    kafka: Kafka = None,
    prefix: Prefix = "",
    partitions: Annotated[
        int,
        Parameter(
            help="Per topic with a key. It can never be changed: at least as many as you will ever want workers."
        ),
    ] = PARTITIONS,
    copies: Annotated[
        int | None, Parameter(help="The replication factor; by default the number of brokers, at most 3.")
    ] = None,
) -> int:
    """Create missing topics, then check all."""
    from services.kafka import topics

    access = kafka_access(kafka, prefix)
    if not 1 <= partitions <= _MOST_PARTITIONS or (copies is not None and copies < 1):
        raise UnusableError(f"--partitions is a number from 1 to {_MOST_PARTITIONS}, --copies one from 1 on.")
    made = run_with_kafka(topics.create(access, prefix, partitions=partitions, copies=copies))
    say(f"Created {', '.join(made)}." if made else "All topics were there.")
    return 0


@app.command
def allow(
    *,
    kafka: Kafka = None,
    prefix: Prefix = "",
    router: _User = "router",
    matcher: _User = "matcher",
    delivery: _User = "delivery",
    gateway: _User = "gateway",
) -> int:
    """Grant each program's user the ACLs it needs, and nothing else."""
    from services.kafka import acls as rights

    access = kafka_access(kafka, prefix)
    users: dict[rights.Program, str] = {
        "router": router,
        "matcher": matcher,
        "delivery": delivery,
        "gateway": gateway,
    }
    count = run_with_kafka(rights.allow(access, users, prefix))
    say(f"{plural(count, 'right')} for {', '.join(users.values())}.")
    return 0


@app.command
def check(*, kafka: Kafka = None, prefix: Prefix = "") -> int:
    """Compare the cluster's topics with the declared ones; exit 1 and say what to do if they differ."""
    from services.kafka import topics

    access = kafka_access(kafka, prefix)

    async def faults() -> list[str]:
        try:
            await topics.check(access, prefix)
        except topics.TopicsError as error:
            return error.faults
        return []

    found = run_with_kafka(faults())
    for fault in found:
        say(fault, "red")
    if not found:
        say("All topics are as declared.")
    return 1 if found else 0


@app.command
def show(
    *,
    kafka: Annotated[
        str | None, Parameter(help="A Kafka's address; without it only the declarations are shown.")
    ] = None,
    prefix: Prefix = "",
) -> int:
    """Show each topic's purpose, key and retention; with --kafka also how many records it has."""
    there: dict[str, list[int]] = {}
    if kafka is not None:
        there = run_with_kafka(_extents(kafka_access(kafka, prefix), [prefix + topic.name for topic in TOPICS]))
    for topic in TOPICS:
        name = prefix + topic.name
        sys.stdout.write(f"{name}\n  {topic.description}\n  {_facts(topic)}\n")
        if kafka is not None:
            found = there.get(name)
            sys.stdout.write(
                f"  {plural(len(found), 'partition')}, {plural(sum(found), 'record')}\n" if found else "  not there\n"
            )
    return 0


async def _extents(access: Access, topics: Sequence[str]) -> dict[str, list[int]]:
    """How many offsets each partition of each topic holds."""
    from services.kafka.topic_reader import TopicReader

    async with TopicReader(access) as reader:
        return {topic: [end - first for first, end in (await reader.spans(topic)).values()] for topic in topics}


def _facts(topic: Topic) -> str:
    kept = "the newest of each key" if topic.compacted else "for ever"
    if not topic.compacted and topic.retention_ms != FOREVER:
        kept = f"{topic.retention_ms // DAY_MS} days"
    return f"key: {topic.key}; kept: {kept}; time: {topic.timestamp_type}; packed: {topic.compression}"
