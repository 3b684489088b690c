"""A Kafka that asks for TLS, a password or a certificate: all of Hallway comes in, and who does not is told why."""

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from schemas.topics import ACTIVITY, CONFERENCE_LOG
from services.cli.connection_options import access_for
from services.server.log_backends import KafkaLogBackend
from services.usage_errors import UnusableError
from tests.api.people import attendee, opened, talked, until
from tests.cli.conftest import Hallway
from tests.kafka.gateway.conftest import Place
from tests.kafka.gateway.conftest import redis_url as redis_url  # the same fixture
from tests.kafka.secured import PASSWORD, Secured, secured
from tests.workers.running import Worker

pytestmark = pytest.mark.slow
NOTHING = dict.fromkeys(("SECURITY", "CA", "USER", "PASSWORD_FILE"), "")
TLS = {"SECURITY": "TLS", "USER": "", "PASSWORD_FILE": ""}
CERTIFIED = TLS | {"CERTIFICATE": "client.crt", "KEY": "client.key"}
Enters = Callable[..., None]


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    with secured(tmp_path_factory.mktemp("secured") / "kafka") as running:
        yield running


@pytest.fixture
def enters(kafka: Secured, monkeypatch: pytest.MonkeyPatch) -> Enters:
    """Sets the environment to what lets us in, but for what is changed."""

    def enter(**changed: str) -> None:
        for name, value in kafka.environment(**changed).items():
            monkeypatch.setenv(name, value)

    return enter


def test_a_gateway_takes_and_a_worker_routes_by_tls_with_a_password(
    kafka: Secured, enters: Enters, prefix: str, redis_url: str, tmp_path: Path, hallway: Hallway
) -> None:
    enters()
    where = ["--kafka", kafka.by_password, "--prefix", prefix]
    assert hallway("topics", "create", *where, "--partitions", 2).code == 0
    place = Place(kafka.by_password, prefix, redis_url, tmp_path)
    with place.ready() as server, Worker("router", kafka.by_password, prefix, tmp_path) as router:
        organizer = opened(server)
        people = [attendee(server, organizer, name) for name in ("ingrid", "bob")]
        until(router.works)
        talked(server, *people)

        def rows(stream: str) -> list[dict[str, Any]]:
            return hallway("tail", stream, *where, "--type", "activity.posted").rows

        until(lambda: len(rows("log")) == 4)
        assert {row["id"] for row in rows("log")} == {row["id"] for row in rows("activity")}
        topic = f"kafka://{kafka.by_password}/{prefix}{CONFERENCE_LOG}"
        copied = tmp_path / "log.jsonl"
        assert hallway("export", topic, "--output", copied).code == 0
        assert hallway("export", copied, "--output", topic).code == 0
        assert hallway("replay", topic).code == 0
        for command in (["backfill", "--conference", "conf-1"], ["dead-letters", "list"]):
            assert hallway(*command, *where).code == 0
        assert router.end()[0] == 0
    for said in (server.errors.read_text(), router.log()):
        assert not re.search(f"{re.escape(PASSWORD)}|Traceback", said)


def test_a_certificate_lets_us_in(kafka: Secured, enters: Enters, prefix: str, hallway: Hallway) -> None:
    enters(**CERTIFIED)
    where = ["--kafka", kafka.by_certificate, "--prefix", prefix]
    assert hallway("topics", "create", *where, "--partitions", 1).code == 0
    assert f"{prefix}{ACTIVITY}\n" in hallway("topics", "show", *where).out.decode()


@pytest.mark.parametrize(
    ("port", "changed", "said"),
    [
        ("by_password", {"PASSWORD_FILE": "ca.pem"}, "PASSWORD_FILE: .* has no password, in one line"),
        ("by_password", {"PASSWORD_FILE": "wrong"}, "refuses the user hallway, or the password of"),
        ("by_password", {"PASSWORD_FILE": "wrong", "MECHANISM": "PLAIN"}, "refuses the user hallway, or the password"),
        ("by_password", {"MECHANISM": "SCRAM-SHA-256"}, "does not take SCRAM-SHA-256"),
        ("by_password", {"CA": ""}, "certificate is not trusted .* HALLWAY_KAFKA_CA"),
        ("by_password", {"CA": "other.pem"}, "certificate is not trusted"),
        ("other_name", {}, "certificate is for another name"),
        ("by_password", TLS, "asks for a user and a password"),
        ("by_password", NOTHING, "speaks TLS at this port"),
        ("plain", {}, "does not speak TLS at this port"),
        ("plain", {"SECURITY": "SASL", "CA": ""}, "asks for no password at this port"),
        ("by_certificate", TLS, "asks for one .*HALLWAY_KAFKA_CERTIFICATE"),
    ],
)
def test_who_is_not_let_in_is_told_what_to_do(
    kafka: Secured, enters: Enters, hallway: Hallway, port: str, changed: dict[str, str], said: str
) -> None:
    (kafka.folder / "wrong").write_text("guessed")
    enters(**changed)
    where = kafka.by_password.replace("127.0.0.1", "localhost") if port == "other_name" else getattr(kafka, port)
    done = hallway("topics", "check", "--kafka", where)
    assert done.code == 2
    assert re.search(said, done.err)
    assert not re.search("Traceback|guessed", done.err)


def test_a_worker_and_a_gateway_with_a_wrong_password_end_with_the_reason(
    kafka: Secured, enters: Enters, tmp_path: Path
) -> None:
    (kafka.folder / "wrong").write_text("guessed")
    enters(**{"PASSWORD_FILE": "wrong"})

    async def opened() -> None:
        async with AsyncExitStack() as stack:
            await KafkaLogBackend(tmp_path / "data", access_for(kafka.by_password)).open(stack)

    with Worker("router", kafka.by_password, "", tmp_path) as worker:
        with pytest.raises(UnusableError, match="refuses the user hallway"):
            asyncio.run(opened())
        assert worker.process is not None
        assert worker.process.wait(30) == 2
    assert "refuses the user hallway" in worker.log()
    assert "guessed" not in worker.log()
