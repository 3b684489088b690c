"""Kafka and Valkey of the compose file: who comes without a password, and who does what its program does not."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis

from schemas.topics import ACTIVITY, CONFERENCE_LOG, DEAD_LETTERS, MATCHES, SNAPSHOTS
from services.inbox.redis.credentials import PASSWORD_FILE, USER, add_login
from services.inbox.redis.inboxes import RedisInboxes
from services.kafka import acls as rights
from services.kafka import topics
from services.kafka.access import Access
from services.kafka.clients import KafkaRefusedError
from services.kafka.cluster import cluster_id
from services.kafka.security import read_security
from services.kafka.topic_writer import TopicWriter
from services.usage_errors import UnusableError
from streams.runtime.errors import UnavailableError
from streams.workers.ports import Message
from tests.deploy.parts import kafka, secrets, valkey
from tests.inbox.made import CONFERENCE, suggested

pytestmark = pytest.mark.slow
PREFIX = "tried."


@dataclass(frozen=True)
class Place:
    """An installation's Kafka, with topics and rights."""

    address: str
    passwords: Path

    def access(self, user: str, file: str = "") -> Access:
        given = {"SECURITY": "SASL", "USER": user, "PASSWORD_FILE": str(self.passwords / (file or f"kafka_{user}"))}
        return Access(self.address, read_security({f"HALLWAY_KAFKA_{name}": value for name, value in given.items()}))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("rights")
    passwords = secrets(folder / "installation")
    with kafka(folder / "kafka", passwords) as broker:
        found = Place(broker.address, passwords)
        asyncio.run(topics.create(found.access("admin"), PREFIX, partitions=1))
        users = {program: program for program in rights.PROGRAMS}
        count = asyncio.run(rights.allow(found.access("admin"), users, PREFIX))
        assert count == asyncio.run(rights.allow(found.access("admin"), users, PREFIX)) > 60
        yield found


async def _write(access: Access, topic: str) -> None:
    async with TopicWriter(access) as writer:
        await writer.produce(PREFIX + topic, [Message(b"k", b"v")])


def test_nobody_comes_without_a_password_or_with_anothers(place: Place) -> None:
    with pytest.raises(KafkaRefusedError, match="asks for a user and a password"):
        asyncio.run(cluster_id(Access(place.address)))
    with pytest.raises(KafkaRefusedError, match="refuses the user gateway"):
        asyncio.run(cluster_id(place.access("gateway", "kafka_router")))


WRITES = [
    (program, topic, topic in rights.RIGHTS[program].writes)
    for program in rights.PROGRAMS
    for topic in (ACTIVITY, CONFERENCE_LOG, MATCHES, DEAD_LETTERS, SNAPSHOTS)
]


def test_the_table_says_what_each_may_not_write() -> None:
    refused = {(program, topic) for program, topic, good in WRITES if not good}
    assert refused == {
        ("router", ACTIVITY),
        ("router", MATCHES),
        ("matcher", ACTIVITY),
        ("delivery", ACTIVITY),
        ("delivery", CONFERENCE_LOG),
        ("delivery", MATCHES),
        ("gateway", MATCHES),
        ("gateway", SNAPSHOTS),
    }
    assert not rights.RIGHTS["gateway"].has_group


@pytest.mark.parametrize(("program", "topic", "good"), WRITES)
def test_each_program_writes_what_is_its_own_and_nothing_else(
    place: Place, program: rights.Program, topic: str, good: bool
) -> None:
    if good:
        asyncio.run(_write(place.access(program), topic))
        return
    with pytest.raises(UnavailableError, match="TopicAuthorizationFailed"):
        asyncio.run(_write(place.access(program), topic))


@pytest.mark.parametrize("program", rights.PROGRAMS)
def test_no_program_makes_topics_or_gives_rights(place: Place, program: rights.Program) -> None:
    assert asyncio.run(topics.check(place.access(program), PREFIX)) == 1, "it may look"
    with pytest.raises(KafkaRefusedError, match="may not grant rights"):
        asyncio.run(rights.allow(place.access(program), {program: program}, PREFIX))
    with pytest.raises(topics.TopicsError, match="could not be created"):
        asyncio.run(topics.create(place.access(program), f"{PREFIX}more."))


def test_valkey_lets_in_one_user_who_may_what_hallway_does(tmp_path: Path) -> None:
    passwords = secrets(tmp_path / "installation")
    with valkey(tmp_path / "valkey", passwords) as port:
        plain = f"redis://127.0.0.1:{port}"
        url = add_login(plain, {USER: "hallway", PASSWORD_FILE: str(passwords / "valkey")})

        async def used(address: str) -> int:
            async with RedisInboxes(address, "log-1") as inboxes:
                await inboxes.rebuild(CONFERENCE, [])
                await inboxes.deliver(CONFERENCE, [suggested("1-0", ("ada", "bob"))])
                await inboxes.wait(CONFERENCE, "ada", within_s=1.0)
                await inboxes.erase(CONFERENCE, "bob")
                await inboxes.invalidate(CONFERENCE)
                await inboxes.rebuild(CONFERENCE, [suggested("1-0", ("ada", "bob"))])
                await inboxes.end(CONFERENCE)
                cards = (await inboxes.current(CONFERENCE, "ada")).cards
                await inboxes.forget(CONFERENCE)
                return len(cards)

        assert asyncio.run(used(url)) == 1
        with redis.Redis.from_url(plain) as stranger, pytest.raises(redis.exceptions.AuthenticationError):
            stranger.ping()
        with redis.Redis.from_url(url) as client:
            for command in (["FLUSHALL"], ["CONFIG", "GET", "*"], ["KEYS", "*"], ["SET", "else", "1"], ["ACL", "LIST"]):
                with pytest.raises(redis.exceptions.NoPermissionError):
                    client.execute_command(*command)


def test_what_of_a_redis_login_cannot_be_used_is_reported(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("a#b/c@d:e?\n")
    (tmp_path / "empty").write_text("\n")
    given = {USER: "hallway", PASSWORD_FILE: str(tmp_path / "password")}
    url = add_login("redis://127.0.0.1:6379/1", given)
    found = redis.connection.parse_url(url)
    assert (found["username"], found["password"], found["db"]) == ("hallway", "a#b/c@d:e?", 1)
    unix = redis.connection.parse_url(add_login("unix:///run/valkey.sock", given))
    assert (unix["username"], unix["password"], unix["path"]) == ("hallway", "a#b/c@d:e?", "/run/valkey.sock")
    assert add_login("redis://127.0.0.1", {}) == "redis://127.0.0.1"
    for environment, address, said in (
        ({USER: "hallway"}, "redis://127.0.0.1", "Set it to the file"),
        (given, "redis://:x@127.0.0.1", "already"),
        ({PASSWORD_FILE: str(tmp_path / "empty")}, "redis://127.0.0.1", "must hold the password in one line"),
        ({PASSWORD_FILE: str(tmp_path / "missing")}, "redis://127.0.0.1", "cannot be read"),
    ):
        with pytest.raises(UnusableError, match=said) as error:
            add_login(address, environment)
        assert "a#b" not in str(error.value)
