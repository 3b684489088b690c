"""What a mail server may answer, and what it means for the mail."""

import asyncio
import ssl
from collections.abc import Awaitable

import pytest
import trustme

from services.mail import connection as connection_module
from services.mail.connection import Connection, MailServerError, MailSetupError
from tests.api.in_process import run_to_end
from tests.mail.smtp_server import PASSWORD, USER, MailServer, mail_server

ADA, BOB = "ada@example.org", "bob@example.org"
MAIL = b"Subject: x\r\n\r\n.a line with a dot\r\n"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "_FIRST_S", 0.001)
    monkeypatch.setattr(connection_module, "_MOST_S", 0.002)


def contexts(name: str = "127.0.0.1") -> tuple[trustme.CA, ssl.SSLContext]:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return authority, context


async def fails(made: Awaitable[object], kind: type[MailServerError], *words: str) -> None:
    with pytest.raises(MailServerError) as caught:
        await made
    assert isinstance(caught.value, kind)
    text = str(caught.value)
    assert [word for word in words if word not in text] == []
    assert [secret for secret in (PASSWORD, ADA, BOB) if secret in text] == []


@run_to_end
async def test_one_connection_is_kept_for_all_mails() -> None:
    async with mail_server() as server:
        connection = Connection(server.settings())
        assert [await connection.send(who, MAIL) for who in (ADA, BOB, ADA)] == ["accepted"] * 3
        assert server.accepted == [(who, MAIL) for who in (ADA, BOB, ADA)]
        assert server.connections == 1
        await connection.close()


@pytest.mark.parametrize(
    ("answer", "means"),
    [
        ("550 5.1.1 <ada@example.org>: no such user", "refused"),
        ("553 5.1.3 bad address", "refused"),
        ("451 4.7.1 greylisted, try later", "delayed"),
        ("452 4.2.2 mailbox full", "delayed"),
        ("550 5.7.1 relaying denied for ada@example.org", "delayed"),
        ("421 4.3.2 closing", "delayed"),
    ],
)
@run_to_end
async def test_a_refused_recipient_costs_the_others_nothing(answer: str, means: str) -> None:
    async with mail_server() as server:
        server.answers[ADA] = [answer]
        connection = Connection(server.settings())
        assert await connection.send(ADA, MAIL) == means
        trouble = connection.trouble
        assert (trouble is not None) == ("5.7.1" in answer)
        assert ADA not in (trouble or "")
        assert await connection.send(BOB, MAIL) == "accepted"
        assert connection.trouble is None
        assert server.connections == (2 if answer.startswith("421") else 1)
        await connection.close()


@pytest.mark.parametrize(("answer", "means"), [("554 5.6.0 spam", "refused"), ("451 try later", "delayed")])
@run_to_end
async def test_a_text_may_be_refused_too(answer: str, means: str) -> None:
    async with mail_server() as server:
        server.data_answers[ADA] = [answer]
        connection = Connection(server.settings())
        assert await connection.send(ADA, MAIL) == means
        assert await connection.send(BOB, MAIL) == "accepted"
        await connection.close()


@pytest.mark.parametrize("answer", ["CUT", "HANG"])
@run_to_end
async def test_what_ends_before_the_text_was_not_accepted(answer: str) -> None:
    async with mail_server() as server:
        server.answers[ADA] = [answer]
        connection = Connection(server.settings(), limit_s=0.2)
        assert await connection.send(ADA, MAIL) == "delayed"
        assert not connection.is_handing_over
        assert await connection.send(ADA, MAIL) == "accepted"  # on a new connection
        assert server.recipients == [ADA]
        await connection.close()


@pytest.mark.parametrize("answer", ["CUT", "ACCEPT AND CUT", "HANG"])
@run_to_end
async def test_what_ends_after_the_text_is_unclear(answer: str) -> None:
    async with mail_server() as server:
        server.data_answers[ADA] = [answer]
        connection = Connection(server.settings(), limit_s=0.2)
        assert await connection.send(ADA, MAIL) == "unclear"
        assert await connection.send(BOB, MAIL) == "accepted"
        await connection.close()


@run_to_end
async def test_a_kept_connection_that_the_server_closed_is_opened_again() -> None:
    async with mail_server() as server:
        connection = Connection(server.settings())
        await connection.send(ADA, MAIL)
        server.sessions[0].transport.abort()
        assert await connection.send(BOB, MAIL) == "accepted"
        assert server.connections == 2
        await connection.close()


@run_to_end
async def test_a_server_that_is_not_there_is_tried_a_few_times() -> None:
    async with mail_server() as server:
        settings = server.settings()
    await fails(Connection(settings).send(ADA, MAIL), MailServerError, "cannot be reached")


@run_to_end
async def test_a_server_that_says_nothing_is_given_up() -> None:
    server = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
    settings = MailServer(port=server.sockets[0].getsockname()[1]).settings()
    await fails(Connection(settings, limit_s=0.1).send(ADA, MAIL), MailServerError, "cannot be reached")
    server.close()


@run_to_end
async def test_nothing_is_sent_where_no_starttls_is_offered() -> None:
    async with mail_server() as server:
        connection = Connection(server.settings(tls="starttls"))
        await fails(connection.send(ADA, MAIL), MailSetupError, "offers no STARTTLS")
        assert (server.attempts, server.connections) == ([], 1)  # not tried again: nobody was asked to change anything


@pytest.mark.parametrize("implicit", [False, True], ids=["starttls", "tls"])
@run_to_end
async def test_tls_with_a_login(implicit: bool, tmp_path_factory: pytest.TempPathFactory) -> None:
    authority, context = contexts()
    trust = tmp_path_factory.mktemp("trust") / "ca.pem"
    authority.cert_pem.write_to_path(trust)
    tls = "implicit" if implicit else "starttls"
    async with mail_server(tls=context, implicit=implicit, login=True) as server:
        its = {"tls": tls, "ca_file": str(trust), "user": USER}
        connection = Connection(server.settings(**its, password=PASSWORD))
        assert await connection.send(ADA, MAIL) == "accepted"
        assert server.logins == [True]
        if not implicit:  # aiosmtpd notes only what began in clear
            assert server.tls == [True]
        await connection.close()
        wrong = Connection(server.settings(**its, password="wrong"))  # noqa: S106 - of a test
        await fails(wrong.send(ADA, MAIL), MailSetupError, "refuses the user or the password (535)")
        assert server.logins[1:] == [False] * (len(server.logins) - 1)
        assert len(server.logins) <= 3  # one for each way to log in, and no further try


@pytest.mark.parametrize("case", ["unknown authority", "another name", "no file"])
@pytest.mark.parametrize("implicit", [False, True], ids=["starttls", "tls"])
@run_to_end
async def test_a_certificate_that_is_not_the_servers_is_refused(
    case: str, implicit: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    authority, context = contexts("mail.example.com" if case == "another name" else "127.0.0.1")
    trust = tmp_path_factory.mktemp("trust") / "ca.pem"
    (trustme.CA() if case == "unknown authority" else authority).cert_pem.write_to_path(trust)
    if case == "no file":
        trust.write_text("nothing")
    async with mail_server(tls=context, implicit=implicit) as server:
        its = server.settings(tls="implicit" if implicit else "starttls", ca_file=str(trust))
        await fails(Connection(its).send(ADA, MAIL), MailSetupError, "certificate")
        assert server.attempts == []


@run_to_end
async def test_a_server_that_wants_a_login_refuses_nobodys_mail() -> None:
    """The mail stays, and the operator is told."""
    async with mail_server(login=True) as server:
        await fails(Connection(server.settings()).send(ADA, MAIL), MailSetupError, "(530)")
