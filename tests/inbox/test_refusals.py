"""What a server at Redis' address may answer: each is one sentence, is waited for, and holds no secret."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme
from structlog.testing import capture_logs

from services.inbox.redis import refusals
from services.inbox.redis.connection import Limits, RedisConnection
from services.inbox.redis.inboxes import RedisInboxes
from streams.runtime.inboxes import InboxFullError, InboxStoreError
from tests.inbox.conftest import QUICK, Stores
from tests.inbox.made import CONFERENCE
from tests.inbox.seen import awaited, until

WELL = b"*1\r\n$2\r\nok\r\n"
PATIENT = Limits(connect_s=5.0, operation_s=10.0, hint_s=1.0)  # a read is tried again, with pauses
HELLO = b"%1\r\n$5\r\nproto\r\n:3\r\n"


async def _line(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readline()
    except (asyncio.CancelledError, OSError):  # a server that closes: nobody waits for the rest
        return b""


@dataclass
class Fake:
    """Speaks enough of Redis to be connected to, and answers all else with ``says``; ``at_once``: HELLO as well."""

    says: bytes
    at_once: bool = False
    tls: ssl.SSLContext | None = None
    closes: bool = False
    port: int = 0
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"redis://:hunter2@127.0.0.1:{self.port}"

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Fake"]:
        server = await asyncio.start_server(self._met, "127.0.0.1", 0, ssl=self.tls)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for writer in self.writers:
                writer.close()

    async def _met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        if self.closes:
            writer.close()
            return
        while line := await _line(reader):
            if not line.startswith(b"*"):
                writer.write(self.says)
                continue
            words = []
            for _ in range(int(line[1:])):
                size = int((await reader.readline())[1:])
                words.append((await reader.readexactly(size + 2))[:-2])
            known = {b"HELLO": HELLO, b"CLIENT": b"+OK\r\n"}
            writer.write(self.says if self.at_once else known.get(words[0], self.says))


_WORDS = dict.fromkeys(("MOVED", "ASK"), "12182 127.0.0.1:6381")
ANSWERS = [
    *[(f"{code} {_WORDS.get(code, 'as it says')}", sentence) for code, sentence in refusals.ANSWERS.items()],
    ("ERR max number of clients reached", refusals.CLIENTS),
    ("ERR unknown command 'EVAL', with args beginning with: 'hunter2'", refusals.NO_COMMAND),
    ("ERR DB index is out of range", refusals.NO_DATABASE),
    ("ERR user_script:3: attempt to compare nil with number", refusals.OTHER),
    ("ERR ACL failure in script: User x has no permissions to run the 'xadd' command", refusals.ANSWERS["NOPERM"]),
    ("XYZZY nobody knows", refusals.OTHER),
    ("", refusals.OTHER),
]


@awaited
@pytest.mark.parametrize("at_once", [False, True], ids=["then", "at_once"])
@pytest.mark.parametrize(
    ("answer", "sentence"), ANSWERS, ids=[answer.partition(" ")[0] or "none" for answer, _ in ANSWERS]
)
async def test_each_answer_is_a_sentence_and_is_waited_for(answer: str, sentence: str, at_once: bool) -> None:
    async with Fake(f"-{answer}\r\n".encode(), at_once).listening() as fake:
        link = RedisConnection(fake.url, PATIENT)
        with capture_logs() as logs:
            for call in (
                link.write("x", ["k"], []),
                link.ask("x", ["k"], []),
                link.members("k", 0, 1),
                link.remove("k"),
            ):
                with pytest.raises(InboxStoreError) as met:
                    await call
                assert str(met.value) == sentence
                assert isinstance(met.value, InboxFullError) == answer.startswith("OOM")
            assert link.troubles.current == sentence
            fake.says, fake.at_once = WELL, False
            assert await link.ask("x", ["k"], []) == [b"ok"] == (await link.write("x", ["k"], []))[:1]
        assert link.troubles.current is None
        assert [line["event"] for line in logs] == ["the store cannot be used", "the store can be used again"]
        assert "hunter2" not in str(logs)
        await link.aclose()


@awaited
async def test_the_log_names_what_the_server_said_but_no_key_or_value() -> None:
    says = b"-ERR user_script:3: wrong value near 'inbox:{conf}:ada' in \"secret\"\r\n"
    async with Fake(says).listening() as fake:
        link = RedisConnection(fake.url, PATIENT)
        with capture_logs() as logs, pytest.raises(InboxStoreError):
            await link.write("x", ["k"], [])
        assert logs[0]["said"] == "ERR user_script:3: wrong value near"
        await link.aclose()


@awaited
async def test_a_trouble_that_goes_on_is_told_by_the_minute() -> None:
    now = [0.0]
    troubles = refusals.StoreTroubles(lambda: now[0])
    with capture_logs() as logs:
        for second in range(150):
            now[0] = float(second)
            troubles.report("write", InboxStoreError("It is so."), "SO")
            troubles.clear("write")  # another conference's
        assert [line["event"] for line in logs] == ["the store cannot be used", "the store can be used again"] * 3


@awaited
@pytest.mark.parametrize("says", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"220 mail.example.org\r\n", b"SSH-2.0-x\r\n"])
async def test_what_is_no_redis_is_reported_as_such(says: bytes) -> None:
    async with Fake(says, at_once=True).listening() as fake:
        await _says(fake.url, refusals.NO_REDIS)


async def _says(url: str, *sentences: str, limits: Limits = PATIENT) -> None:
    link = RedisConnection(url, limits)
    for call in (link.check(), link.ask("x", ["k"], [])):
        with pytest.raises(InboxStoreError) as met:
            await call
        assert str(met.value) in sentences
    await link.aclose()


@awaited
async def test_tls_and_none_are_told_apart(tmp_path: Path) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    trusted = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(trusted))
    async with Fake(WELL, tls=context).listening() as fake:
        address = f"localhost:{fake.port}"
        await _says(f"rediss://{address}", refusals.NO_TRUST, limits=PATIENT)
        await _says(f"redis://{address}", refusals.CLOSED, refusals.SLOW, limits=PATIENT)
        link = RedisConnection(f"rediss://{address}?ssl_ca_certs={trusted}", PATIENT)
        assert await link.ask("x", ["k"], []) == [b"ok"]
        await link.aclose()
    async with Fake(b"-ERR what\r\n", at_once=True).listening() as plain:
        await _says(f"rediss://127.0.0.1:{plain.port}", refusals.NO_TLS, refusals.SLOW_TLS, limits=QUICK)


@awaited
async def test_nobody_there_is_told_by_what_is_missing(tmp_path: Path) -> None:
    async with Fake(WELL).listening() as fake:
        nobody = fake.url
    await _says(nobody, refusals.NO_SERVER)
    await _says(f"unix://{tmp_path / 'none.sock'}", refusals.NO_SOCKET)
    await _says("redis://nowhere.invalid:1", refusals.NO_HOST, refusals.SLOW)
    async with Fake(WELL, closes=True).listening() as closing:
        await _says(closing.url, refusals.CLOSED)


@awaited
async def test_a_subscription_that_is_refused_is_reported_and_costs_no_entry(own_server: Stores) -> None:
    server = own_server.server
    assert server is not None
    with own_server.admin() as admin:
        admin.acl_setuser(
            "deaf", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-subscribe"], channels=["*"]
        )
        url = server.url.replace("unix://", "unix://deaf:x@")
        with capture_logs() as logs:
            async with RedisInboxes(url, "log-1", limits=QUICK) as inboxes:
                await until(lambda: inboxes.trouble == refusals.ANSWERS["NOPERM"])
                assert await inboxes.rebuild(CONFERENCE, []) == ""
        assert any(line.get("work") == "listen" for line in logs)
