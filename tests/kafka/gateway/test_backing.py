"""One data folder is for one log: a file's, or the copy of a Kafka's."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from services.journal import JournalLockedError
from services.kafka.access import Access
from services.server.log_backends import FileLogBackend, KafkaLogBackend, LogBackend
from services.usage_errors import UnusableError

NOBODY = "127.0.0.1:1"


async def _opened(backing: LogBackend) -> None:
    async with AsyncExitStack() as stack:
        await backing.open(stack)


def test_the_folder_of_a_copy_is_no_log_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "cluster").write_text("some-cluster\n")
    with pytest.raises(UnusableError, match="belongs to a Kafka"):
        asyncio.run(_opened(FileLogBackend(tmp_path)))


def test_the_folder_of_a_log_is_no_copy(tmp_path: Path) -> None:
    asyncio.run(_opened(FileLogBackend(tmp_path)))
    with pytest.raises(UnusableError, match="has a log of its own"):
        asyncio.run(_opened(KafkaLogBackend(tmp_path, Access(NOBODY))))


def test_a_new_folder_needs_the_broker_and_a_used_one_does_not(tmp_path: Path) -> None:
    with pytest.raises(UnusableError, match="No Kafka answers"):
        asyncio.run(_opened(KafkaLogBackend(tmp_path, Access(NOBODY))))
    (tmp_path / "cluster").write_text("some-cluster\n")
    asyncio.run(_opened(KafkaLogBackend(tmp_path, Access(NOBODY))))


def test_a_folder_has_one_process(tmp_path: Path) -> None:
    (tmp_path / "cluster").write_text("some-cluster\n")

    async def twice() -> None:
        async with AsyncExitStack() as stack:
            await KafkaLogBackend(tmp_path, Access(NOBODY)).open(stack)
            await _opened(KafkaLogBackend(tmp_path, Access(NOBODY)))

    with pytest.raises(JournalLockedError):
        asyncio.run(twice())


@pytest.mark.slow
def test_another_cluster_and_missing_topics_are_reported(kafka_address: str, prefix: str, tmp_path: Path) -> None:
    with pytest.raises(UnusableError, match="hallway topics create"):
        asyncio.run(_opened(KafkaLogBackend(tmp_path, Access(kafka_address), prefix)))
    (tmp_path / "cluster").write_text("another-cluster\n")
    with pytest.raises(UnusableError, match="another Kafka"):
        asyncio.run(_opened(KafkaLogBackend(tmp_path, Access(kafka_address), prefix)))
