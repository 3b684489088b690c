"""The declared topics in a real cluster: created, compared, counted.

Owns: what counts as a mismatch, and what to do about one. May never: change or delete a topic that is there.
Theory: a mismatch is found before the first record is read. A log with fewer days than it needs, or another number of
partitions than its matches, would fail much later and in silence.
"""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code

from schemas.topics import CONFERENCE_LOG, PARTITIONS, TOPICS, Topic
from services.kafka.access import Access
from services.kafka.clients import KafkaRefusedError, administrated

MOST_COPIES = 3
ANSWER_S = 30.0
_POLL_S = 0.05
# What is compared; the rest of a topic's settings is a matter of speed.
_COMPARED = ("cleanup.policy", "retention.ms", "retention.bytes", "message.timestamp.type", "compression.type")
_COMPARED_AS_LEAST = "max.message.bytes"


class TopicsError(KafkaRefusedError):
    """The cluster's topics are not the declared ones; ``faults`` says what is wrong and what to do, one a topic."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(" ".join(faults))
        self.faults = faults


class Found(NamedTuple):
    """A topic as the cluster has it."""

    partitions: int
    settings: Mapping[str, str]


async def create(
    access: Access, prefix: str = "", *, partitions: int = PARTITIONS, copies: int | None = None
) -> list[str]:
    """Creates what is missing, then checks all; gives the names of what was created.

    ``copies``: on how many brokers each record is kept; as many as there are, at most 3, by default.
    UnavailableError, TopicsError.
    """
    async with administrated(access, 4 * ANSWER_S) as admin:
        there = await _found(admin, prefix)
        if copies is None:
            copies = min(MOST_COPIES, len((await admin.describe_cluster())["brokers"]))
        log = there.get(CONFERENCE_LOG)
        number = log.partitions if log else partitions
        missing = [topic for topic in TOPICS if topic.name not in there]
        await _create(admin, [_new(topic, prefix, number, copies) for topic in missing])
        faults = _faults(await _until_there(admin, prefix), prefix)
        if log and log.partitions != partitions != PARTITIONS:
            faults.append(_fixed(prefix + CONFERENCE_LOG, log.partitions, partitions))
    if faults:
        raise TopicsError(faults)
    return [prefix + topic.name for topic in missing]


async def check(access: Access, prefix: str = "") -> int:
    """The number of partitions of the conference log, if all topics are as declared. UnavailableError, TopicsError."""
    found = await shown(access, prefix)
    faults = _faults(found, prefix)
    if faults:
        raise TopicsError(faults)
    return found[CONFERENCE_LOG].partitions


async def shown(access: Access, prefix: str = "") -> dict[str, Found]:
    """What the cluster has of the declared topics, by their names without prefix. UnavailableError."""
    async with administrated(access, ANSWER_S) as admin:
        return await _found(admin, prefix)


def _new(topic: Topic, prefix: str, partitions: int, copies: int) -> NewTopic:
    settings = topic.settings() | ({"min.insync.replicas": "2"} if copies > 2 else {})
    return NewTopic(prefix + topic.name, partitions, copies, topic_configs=settings)


async def _create(admin: AIOKafkaAdminClient, new: list[NewTopic]) -> None:
    if not new:
        return
    answer = await admin.create_topics(new, timeout_ms=int(ANSWER_S * 1_000))
    for name, code, *said in answer.topic_errors:
        error = for_code(code)
        if code and error is not TopicAlreadyExistsError:  # another one was faster: the check looks at what it made
            raise TopicsError([f"{name} could not be created: {said[0] if said and said[0] else error.__name__}."])


async def _until_there(admin: AIOKafkaAdminClient, prefix: str) -> dict[str, Found]:
    """What is there, once everything is: a broker says yes before it can tell of a new topic."""
    while True:
        found = await _found(admin, prefix)
        if len(found) == len(TOPICS):
            return found
        await asyncio.sleep(_POLL_S)


async def _found(admin: AIOKafkaAdminClient, prefix: str) -> dict[str, Found]:
    by_name = {prefix + topic.name: topic for topic in TOPICS}
    described = await admin.describe_topics(list(by_name))
    partitions = {one["topic"]: len(one["partitions"]) for one in described if not one["error_code"]}
    wanted = [ConfigResource(ConfigResourceType.TOPIC, name) for name in by_name if partitions.get(name)]
    answers = await admin.describe_configs(wanted) if wanted else []
    found = {}
    for answer in answers:
        for code, _, _, name, entries in answer.resources:
            if not code:
                found[by_name[name].name] = Found(partitions[name], {entry[0]: str(entry[1]) for entry in entries})
    return found


def _faults(found: Mapping[str, Found], prefix: str) -> list[str]:
    missing = [prefix + topic.name for topic in TOPICS if topic.name not in found]
    faults = [f"{', '.join(missing)} missing: `hallway topics create` makes what is missing."] if missing else []
    log = found.get(CONFERENCE_LOG)
    for topic in TOPICS:
        there, name = found.get(topic.name), prefix + topic.name
        if there is None:
            continue
        if log is not None and there.partitions != log.partitions:
            faults.append(_fixed(name, there.partitions, log.partitions))
        wrong = _differing(topic, there.settings)
        if wrong:
            sets = ",".join(f"{key}={value}" for key, value in wrong.items())
            has = ", ".join(f"{key} is {there.settings.get(key)}" for key in wrong)
            faults.append(
                f"{name}: {has}. Set it as declared: kafka-configs.sh --bootstrap-server HOST:PORT --alter "
                f"--entity-type topics --entity-name {name} --add-config {sets}."
            )
    return faults


def _differing(topic: Topic, there: Mapping[str, str]) -> dict[str, str]:
    declared = topic.settings()
    wrong = {key: declared[key] for key in _COMPARED if there.get(key) != declared[key]}
    if int(there.get(_COMPARED_AS_LEAST, 0)) < int(declared[_COMPARED_AS_LEAST]):
        wrong[_COMPARED_AS_LEAST] = declared[_COMPARED_AS_LEAST]
    return wrong


def _fixed(name: str, has: int, wanted: int) -> str:
    return (
        f"{name} has {has} partitions, not {wanted}. Their number is fixed for ever, for another one would change the "
        "order of what is there. Use other topics (`--prefix`), or copy the logs there by `hallway export`."
    )
