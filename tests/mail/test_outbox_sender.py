"""The outbox is sent as a real mail server lets it be: each mail at most once, and none lost without a word."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from services.directory.port import DirectoryError, Mail, MailCounts, Person
from services.directory.sqlite import SqliteDirectory
from services.directory.sqlite.outbox import SqliteOutbox
from services.mail import connection as connection_module
from services.mail import outbox_sender
from services.mail.connection import Connection
from services.mail.message import build_message
from services.mail.outbox_sender import DELAY_MS, MOST_DELAYS, OutboxSender
from services.mail.wording import words_of
from tests.api.in_process import run_to_end
from tests.directory.conftest import Clock
from tests.mail.smtp_server import SENDER, MailServer, mail_server, parsed, texts_of
from tests.runtime.harness import until

NAMES = ("ada", "bob", "eve")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "_FIRST_S", 0.001)
    monkeypatch.setattr(connection_module, "_MOST_S", 0.002)
    monkeypatch.setattr(outbox_sender, "SETUP_PAUSE_S", 0.02)


class Sending:
    """A directory with people who were all mailed a link, and its sender."""

    def __init__(self, server: MailServer, clock: Clock, names: tuple[str, ...] = NAMES) -> None:
        self.clock, self.server = clock, server
        self.directory = SqliteDirectory(None, clock)
        for name in names:
            self.add(f"{name}@example.org")
        self.sender = self.new_sender()

    def new_sender(self, limit_s: float = 0.3) -> OutboxSender:
        connection = Connection(self.server.settings(), limit_s)
        return OutboxSender(self.directory.outbox, connection, self.built, self.clock, pause_s=0.02)

    def add(self, email: str) -> None:
        self.directory.people.add(Person(conference="hims", attendee="", name="", email=email))

    def built(self, mail: Mail, recipient: str) -> bytes:
        words = words_of(mail, lambda name: (name, "UTC"), lambda secret: f"https://h/welcome#{secret}", "https://h")
        return build_message(words, SENDER, recipient, self.clock())

    @property
    def counts(self) -> MailCounts:
        return self.directory.outbox.counts("hims")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.sender.run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    def close(self) -> None:
        self.directory.close()


@run_to_end
async def test_everybody_is_mailed_once() -> None:
    async with mail_server() as server:
        sending = Sending(server, Clock())
        async with sending.running():
            sending.directory.outbox.queue_first_links("hims")
            sending.sender.wake()
            await until(lambda: sending.counts.accepted == 3)
            sending.directory.outbox.queue_first_links("hims")
            sending.add("late@example.org")
            sending.directory.outbox.queue_first_links("hims")
            sending.sender.wake()
            await until(lambda: sending.counts.accepted == 4)
        assert sorted(server.recipients) == [
            "ada@example.org",
            "bob@example.org",
            "eve@example.org",
            "late@example.org",
        ]
        assert server.connections == 1
        plain, _ = texts_of(server.mail_to("ada@example.org"))
        secret = next(line for line in plain.splitlines() if "#" in line).partition("#")[2]
        assert sending.directory.sessions.sign_in(secret, "")
        sending.close()


@run_to_end
async def test_a_refusal_ends_one_mail_and_a_delay_puts_it_off() -> None:
    async with mail_server() as server:
        sending = Sending(server, Clock(), (*NAMES, "zoë", "o,eve"))
        server.answers = {"ada@example.org": ["550 5.1.1 no such user"], "bob@example.org": ["451 greylisted"] * 2}
        sending.directory.outbox.queue_first_links("hims")
        async with sending.running():
            await until(lambda: sending.counts.refused == 3 and sending.counts.accepted == 1)
            await until(lambda: sending.directory.outbox.next_due() == sending.clock.now + DELAY_MS)
            assert sending.counts.waiting == 1
            sending.clock.now += DELAY_MS
            sending.sender.wake()
            await until(lambda: sending.directory.outbox.next_due() == sending.clock.now + 2 * DELAY_MS)
            sending.clock.now += 2 * DELAY_MS
            sending.sender.wake()
            await until(lambda: sending.counts.waiting == 0)
        assert sorted(server.recipients) == ["bob@example.org", "eve@example.org"]
        assert sending.sender.deliveries == {"accepted": 2, "refused": 3, "delayed": 2, "unclear": 0}
        assert sending.sender.trouble is None
        sending.close()


@run_to_end
async def test_a_server_that_cannot_be_used_costs_no_mail(capsys: pytest.CaptureFixture[str]) -> None:
    async with mail_server() as server:
        port = server.port
    sending = Sending(server, Clock())
    sending.directory.outbox.queue_first_links("hims")
    async with sending.running():
        await until(lambda: sending.sender.trouble is not None)
        assert "cannot be reached" in (sending.sender.trouble or "")
        assert sending.counts.waiting == 3
        async with mail_server(port=port) as back:
            await until(lambda: sending.counts.accepted == 3)
            assert sending.sender.trouble is None
            assert sorted(back.recipients) == [f"{name}@example.org" for name in NAMES]
    logged = capsys.readouterr()
    assert logged.out.count("mail waits") + logged.err.count("mail waits") == 1  # once, however often it was tried
    assert "@example.org" not in logged.out + logged.err
    sending.close()


@pytest.mark.parametrize("answer", ["CUT", "HANG"])
@run_to_end
async def test_what_may_have_been_accepted_is_not_sent_again(answer: str) -> None:
    async with mail_server() as server:
        sending = Sending(server, Clock())
        server.data_answers = {"ada@example.org": [answer]}
        sending.directory.outbox.queue_first_links("hims")
        async with sending.running():
            await until(lambda: sending.counts.accepted == 2)
            await until(lambda: sending.counts.unclear == 1)
        assert server.attempts.count("ada@example.org") == 1
        sending.close()


@run_to_end
async def test_what_was_cut_before_the_text_is_sent_again() -> None:
    async with mail_server() as server:
        sending = Sending(server, Clock())
        server.answers = {"bob@example.org": ["CUT", "HANG"]}
        sending.directory.outbox.queue_first_links("hims")
        async with sending.running():
            await until(lambda: sending.counts.accepted == 2)  # the others need not wait for it
            for wait_ms in (DELAY_MS, 2 * DELAY_MS):
                await until(lambda due=wait_ms: sending.directory.outbox.next_due() == sending.clock.now + due)
                sending.clock.now += wait_ms
                sending.sender.wake()
            await until(lambda: sending.counts.accepted == 3)
        assert sorted(server.recipients) == [f"{name}@example.org" for name in NAMES]
        sending.close()


@run_to_end
async def test_a_server_that_puts_everybody_off_is_left_alone() -> None:
    async with mail_server() as server:
        names = tuple(f"p{number}" for number in range(25))
        sending = Sending(server, Clock(), names)
        sending.sender._pause_s = 30
        server.answers = {f"{name}@example.org": ["450 4.7.1 too many"] for name in names}
        sending.directory.outbox.queue_first_links("hims")
        async with sending.running():
            await until(lambda: sending.sender.trouble is not None)
            assert "puts every mail off" in (sending.sender.trouble or "")
        assert len(server.attempts) == MOST_DELAYS
        assert sending.counts.waiting == 25
        sending.close()


@pytest.mark.parametrize(("stage", "left"), [("answers", "waiting"), ("data_answers", "unclear")])
@run_to_end
async def test_a_stop_in_the_middle_of_a_mail(stage: str, left: str) -> None:
    async with mail_server() as server:
        sending = Sending(server, Clock(), ("ada",))
        sending.sender = sending.new_sender(limit_s=30)
        getattr(server, stage)["ada@example.org"] = ["HANG"]
        sending.directory.outbox.queue_first_links("hims")
        async with sending.running():
            await until(
                lambda: server.attempts == ["ada@example.org"] and not getattr(server, stage)["ada@example.org"]
            )
            if stage == "data_answers":
                await until(lambda: sending.sender._connection.is_handing_over)
        sending.sender = sending.new_sender()
        async with sending.running():
            await until(lambda: sending.counts.waiting == 0)
        assert sending.counts == (MailCounts(accepted=1) if left == "waiting" else MailCounts(unclear=1))
        sending.close()


@run_to_end
async def test_a_stop_while_a_mail_is_claimed_costs_no_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    async with mail_server() as server:
        sending, claim = Sending(server, Clock(), ("ada",)), SqliteOutbox.claim
        loop, claiming, let = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

        def slow(outbox: SqliteOutbox) -> Mail | None:
            mail = claim(outbox)
            if mail is not None:
                loop.call_soon_threadsafe(claiming.set)
                let.wait(10)
            return mail

        monkeypatch.setattr(SqliteOutbox, "claim", slow)
        sending.directory.outbox.queue_first_links("hims")
        async with sending.running():
            await claiming.wait()
            loop.call_later(0.01, let.set)
        assert sending.directory.outbox.settle_interrupted() == 0
        assert (sending.counts.waiting, server.attempts) == (1, [])
        sending.close()


@run_to_end
async def test_a_full_disk_holds_the_next_mail_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail that was accepted but cannot be settled must not be followed by one that could be sent twice."""
    async with mail_server() as server:
        sending, settle, failures = Sending(server, Clock()), SqliteOutbox.settle, [DirectoryError("full")] * 3

        def full(outbox: SqliteOutbox, *arguments: object) -> None:
            if failures:
                assert len(server.accepted) == 1
                raise failures.pop()
            settle(outbox, *arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(SqliteOutbox, "settle", full)
        sending.directory.outbox.queue_first_links("hims")
        async with sending.running():
            await until(lambda: sending.counts.accepted == 3)
        assert sorted(server.recipients) == [f"{name}@example.org" for name in NAMES]
        sending.close()


@run_to_end
async def test_a_domain_in_another_script_is_encoded() -> None:
    async with mail_server() as server:
        sending = Sending(server, Clock(), ())
        sending.add("ada@exämple.org")
        sending.directory.outbox.queue_first_links("hims")
        async with sending.running():
            await until(lambda: sending.counts.accepted == 1)
        assert server.recipients == ["ada@xn--exmple-cua.org"]
        assert parsed(server.accepted[0][1])["To"] == "ada@xn--exmple-cua.org"
        sending.close()


def test_the_folder_of_the_directory_has_no_address_of_a_mail(tmp_path: Path) -> None:
    """Only the people's own rows have it."""
    directory = SqliteDirectory(tmp_path, Clock())
    directory.people.add(Person(conference="hims", attendee="", name="", email="canary@example.org"))
    directory.outbox.queue_first_links("hims")
    directory.outbox.request_links("canary@example.org")
    rows = directory._base.read("SELECT * FROM mails")
    assert len(rows) == 2
    assert "canary" not in repr(rows)
    directory.close()
