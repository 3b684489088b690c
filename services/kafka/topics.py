"""The declared topics in a real cluster: create them, compare them, describe them.

Invariants: an existing topic is never changed or deleted.
Why: a mismatch is found before the first record is read. A log with too short a retention, or with another number of
partitions than its matches, would fail much later, and silently.
"""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code

from schemas.topics import CONFERENCE_LOG, PARTITIONS, TOPICS, Topic
from services.kafka.access import Access
from services.kafka.clients import KafkaRefusedError, admin_client

MAX_REPLICAS = 3
ANSWER_S = 30.0
_POLL_S = 0.05
# The settings that are compared; the others only affect speed.
_COMPARED = ("cleanup.policy", "retention.ms", "retention.bytes", "message.timestamp.type", "compression.type")
_COMPARED_AS_LEAST = "max.message.bytes"


class TopicsError(KafkaRefusedError):
    """The cluster's topics differ from the declared ones; ``faults`` says what is wrong and what to do."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(" ".join(faults))
        self.faults = faults


class TopicState(NamedTuple):
    """A topic's partitions and settings in the cluster."""

    partitions: int
    settings: Mapping[str, str]


async def create(
    access: Access, prefix: str = "", *, partitions: int = PARTITIONS, copies: int | None = None
) -> list[str]:
    """Creates missing topics, then checks all; returns the names of those created.

    ``copies``: the replication factor; by default the number of brokers, at most 3.
    UnavailableError, TopicsError.
    """
    async with admin_client(access, 4 * ANSWER_S) as admin:
        there = await _describe_topics(admin, prefix)
        if copies is None:
            copies = min(MAX_REPLICAS, len((await admin.describe_cluster())["brokers"]))
        log = there.get(CONFERENCE_LOG)
        number = log.partitions if log else partitions
        missing = [topic for topic in TOPICS if topic.name not in there]
        await _create(admin, [_new(topic, prefix, number, copies) for topic in missing])
        faults = _faults(await _until_there(admin, prefix), prefix)
        if log and log.partitions != partitions != PARTITIONS:
            faults.append(_partition_fault(prefix + CONFERENCE_LOG, log.partitions, partitions))
    if faults:
        raise TopicsError(faults)
    return [prefix + topic.name for topic in missing]


async def check(access: Access, prefix: str = "") -> int:
    """Checks all topics; returns the number of partitions of the conference log. UnavailableError, TopicsError."""
    found = await describe(access, prefix)
    faults = _faults(found, prefix)
    if faults:
        raise TopicsError(faults)
    return found[CONFERENCE_LOG].partitions


async def describe(access: Access, prefix: str = "") -> dict[str, TopicState]:
    """The declared topics that exist in the cluster, by name without prefix. UnavailableError."""
    async with admin_client(access, ANSWER_S) as admin:
        return await _describe_topics(admin, prefix)


def _new(topic: Topic, prefix: str, partitions: int, copies: int) -> NewTopic:
    settings = topic.settings() | ({"min.insync.replicas": "2"} if copies > 2 else {})
    return NewTopic(prefix + topic.name, partitions, copies, topic_configs=settings)


async def _create(admin: AIOKafkaAdminClient, new: list[NewTopic]) -> None:
    if not new:
        return
    answer = await admin.create_topics(new, timeout_ms=int(ANSWER_S * 1_000))
    for name, code, *said in answer.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:  # someone else created it: the check compares it
            raise TopicsError([f"{name} could not be created: {said[0] if said and said[0] else error.__name__}."])


async def _until_there(admin: AIOKafkaAdminClient, prefix: str) -> dict[str, TopicState]:
    """Waits until all topics are visible: a broker confirms a creation before it lists the topic."""
    while True:
        found = await _describe_topics(admin, prefix)
        if len(found) == len(TOPICS):
            return found
        await asyncio.sleep(_POLL_S)


async def _describe_topics(admin: AIOKafkaAdminClient, prefix: str) -> dict[str, TopicState]:
    by_name = {prefix + topic.name: topic for topic in TOPICS}
    described = await admin.describe_topics(list(by_name))
    partitions = {one["topic"]: len(one["partitions"]) for one in described if not one["error_code"]}
    wanted = [ConfigResource(ConfigResourceType.TOPIC, name) for name in by_name if partitions.get(name)]
    answers = await admin.describe_configs(wanted) if wanted else []
    found = {}
    for answer in answers:
        for code, _, _, name, entries in answer.resources:
            if not code:
                found[by_name[name].name] = TopicState(partitions[name], {entry[0]: str(entry[1]) for entry in entries})
    return found


def _faults(found: Mapping[str, TopicState], prefix: str) -> list[str]:
    missing = [prefix + topic.name for topic in TOPICS if topic.name not in found]
    faults = [f"Missing topics: {', '.join(missing)}. Create them with `hallway topics create`."] if missing else []
    log = found.get(CONFERENCE_LOG)
    for topic in TOPICS:
        there, name = found.get(topic.name), prefix + topic.name
        if there is None:
            continue
        if log is not None and there.partitions != log.partitions:
            faults.append(_partition_fault(name, there.partitions, log.partitions))
        wrong = _find_differences(topic, there.settings)
        if wrong:
            sets = ",".join(f"{key}={value}" for key, value in wrong.items())
            has = ", ".join(f"{key} is {there.settings.get(key)}" for key in wrong)
            faults.append(
                f"{name}: {has}. Set it as declared: kafka-configs.sh --bootstrap-server HOST:PORT --alter "
                f"--entity-type topics --entity-name {name} --add-config {sets}."
            )
    return faults


def _find_differences(topic: Topic, there: Mapping[str, str]) -> dict[str, str]:
    declared = topic.settings()
    wrong = {key: declared[key] for key in _COMPARED if there.get(key) != declared[key]}
    if int(there.get(_COMPARED_AS_LEAST, 0)) < int(declared[_COMPARED_AS_LEAST]):
        wrong[_COMPARED_AS_LEAST] = declared[_COMPARED_AS_LEAST]
    return wrong


def _partition_fault(name: str, has: int, wanted: int) -> str:
    return (
        f"{name} has {has} partitions, not {wanted}. The number cannot be changed, because that would "
        "change the order of existing records. Use other topics (`--prefix`), or copy the logs with `hallway export`."
    )
