"""The topics in a real broker: created once, compared, and what is said where they are not as declared."""

import asyncio

import pytest
from aiokafka.admin import NewTopic

from schemas.topics import ACTIVITY, CONFERENCE_LOG, DEAD_LETTERS, MATCHES, TOPICS
from services.cli.main import main
from services.kafka import topics
from services.kafka.access import Access
from services.kafka.clients import admin_client
from streams.runtime.errors import UnavailableError


def test_created_once_checked_and_shown(kafka_address: str, prefix: str, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--kafka", kafka_address, "--prefix", prefix]
    assert main(["topics", "check", *where]) == 1
    assert "Create them with `hallway topics create`" in capsys.readouterr().err
    assert main(["topics", "create", *where, "--partitions", "2"]) == 0
    assert capsys.readouterr().err.count(prefix) == len(TOPICS)
    assert main(["topics", "create", *where]) == 0
    assert "All topics were there." in capsys.readouterr().err
    assert main(["topics", "check", *where]) == 0
    assert asyncio.run(topics.check(Access(kafka_address), prefix)) == 2
    capsys.readouterr()
    assert main(["topics", "show", *where]) == 0
    assert capsys.readouterr().out.count("2 partitions, 0 records") == len(TOPICS)
    assert main(["topics", "create", *where, "--partitions", "3"]) == 2
    assert "cannot be changed" in capsys.readouterr().err


def test_what_differs_is_named_with_what_to_do(kafka_address: str, prefix: str) -> None:
    async def made() -> None:
        async with admin_client(Access(kafka_address)) as admin:
            lossy = {"retention.ms": "1000", "message.timestamp.type": "LogAppendTime", "compression.type": "lz4"}
            new = [
                NewTopic(prefix + ACTIVITY, 2, 1, topic_configs={"retention.ms": str(400 * 86_400_000)}),
                NewTopic(prefix + CONFERENCE_LOG, 2, 1, topic_configs=lossy),
                NewTopic(prefix + MATCHES, 3, 1, topic_configs={"retention.ms": "-1", "compression.type": "lz4"}),
            ]
            await admin.create_topics(new)
        async with asyncio.timeout(20):  # a broker says yes before it tells of them
            while len(await topics.describe(Access(kafka_address), prefix)) < len(new):  # noqa: ASYNC110 - nothing tells us
                await asyncio.sleep(0.05)
        await topics.create(Access(kafka_address), prefix)

    with pytest.raises(topics.TopicsError) as raised:
        asyncio.run(made())
    activity, log, matches = raised.value.faults
    assert "compression.type is producer" in activity
    assert f"--entity-name {prefix + ACTIVITY} --add-config compression.type=lz4." in activity
    assert "retention.ms is 1000" in log
    assert "--add-config retention.ms=-1." in log
    assert "has 3 partitions, not 2" in matches
    found = asyncio.run(topics.describe(Access(kafka_address), prefix))
    assert found[DEAD_LETTERS].partitions == 2  # as many as the log that was there


def test_no_broker_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UnavailableError, match=r"No Kafka answers at 127\.0\.0\.1:9\."):
        asyncio.run(topics.check(Access("127.0.0.1:9")))
    assert main(["topics", "check", "--kafka", "127.0.0.1:9"]) == 2
    assert main(["topics", "check", "--kafka", "http://127.0.0.1:9"]) == 2
    assert "is not an address" in capsys.readouterr().err


def test_what_is_declared_is_shown_without_a_broker(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["topics", "show"]) == 0
    shown = capsys.readouterr().out
    assert all(topic.name in shown for topic in TOPICS)
    assert "key: actor; kept: 400 days" in shown


def test_bytes_that_an_erasure_should_reach_are_not_kept_for_ever() -> None:
    kept = {topic.name: topic.retention_ms for topic in TOPICS if not topic.compacted}
    assert kept[DEAD_LETTERS] == 14 * 86_400_000
    assert kept[CONFERENCE_LOG] == kept[MATCHES] == -1
