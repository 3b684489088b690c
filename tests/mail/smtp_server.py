"""A real SMTP server (aiosmtpd) that answers as a test says, and keeps what it accepted.

Owns: the server's answers by command, and cuts. May never: send anything on.
"""

import asyncio
import ssl
import threading
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from services.mail.settings import SmtpSettings

SENDER = "hallway@meet.example.org"
USER, PASSWORD = "hallway", "correct horse"


@dataclass
class MailServer:
    """Scripted answers by address, for RCPT and DATA, one a mail; ``CUT``: the connection ends, ``HANG``: no answer.
    ``accepted``: who had which bytes."""

    port: int = 0
    answers: dict[str, list[str]] = field(default_factory=dict)
    data_answers: dict[str, list[str]] = field(default_factory=dict)
    accepted: list[tuple[str, bytes]] = field(default_factory=list)
    attempts: list[str] = field(default_factory=list)
    connections: int = 0
    logins: list[bool] = field(default_factory=list)
    tls: list[bool] = field(default_factory=list)
    sessions: list[Any] = field(default_factory=list)

    # -- aiosmtpd's hooks ----------------------------------------------------------------------------------------

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.attempts.append(address)
        answer = await _answer(server, self.answers.get(address, []))
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        assert isinstance(envelope.content, bytes)
        (address,) = envelope.rcpt_tos
        self.tls.append(session.ssl is not None)
        scripted = self.data_answers.get(address, [])
        if scripted and scripted[0] == "ACCEPT AND CUT":
            self.accepted.append((address, envelope.content))
        answer = await _answer(server, scripted)
        if answer.startswith("250"):
            self.accepted.append((address, envelope.content))
        return answer

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        """Whether the password is right."""
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        self.logins.append(right)
        return AuthResult(success=right, handled=False)

    # -- for tests -----------------------------------------------------------------------------------------------

    def settings(self, **changes: Any) -> SmtpSettings:
        return SmtpSettings(**{"host": "127.0.0.1", "port": self.port, "tls": "none", "sender": SENDER} | changes)

    @property
    def recipients(self) -> list[str]:
        return [address for address, _ in self.accepted]

    def mail_to(self, address: str) -> EmailMessage:
        """The only mail that an address had."""
        (content,) = [content for who, content in self.accepted if who == address]
        return parsed(content)


def parsed(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=POLICY)
    assert isinstance(message, EmailMessage)
    return message


def texts_of(message: EmailMessage) -> tuple[str, str]:
    """(plain text, HTML)."""
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    return plain.get_content(), html.get_content()


async def _answer(server: SMTP, scripted: list[str]) -> str:
    answer = scripted.pop(0) if scripted else "250 OK"
    if answer in ("CUT", "ACCEPT AND CUT"):
        assert server.transport is not None
        server.transport.abort()
        return "421 cut"
    if answer == "HANG":
        await asyncio.Event().wait()
    return answer


@asynccontextmanager
async def mail_server(
    *, tls: ssl.SSLContext | None = None, implicit: bool = False, login: bool = False, port: int = 0
) -> AsyncIterator[MailServer]:
    """A server on loopback. ``tls``: offers STARTTLS, or is TLS from the start (``implicit``)."""
    state = MailServer()
    loop = asyncio.get_running_loop()

    def session() -> SMTP:
        state.connections += 1
        with warnings.catch_warnings(action="ignore", category=UserWarning):  # of a login in clear text: on loopback
            made = SMTP(
                state,
                hostname="mail.example.org",
                loop=loop,
                ident="test",
                tls_context=None if implicit else tls,
                authenticator=state.authenticate if login else None,
                auth_required=login,
                auth_require_tls=False,
            )
        state.sessions.append(made)
        return made

    server = await loop.create_server(session, "127.0.0.1", port, ssl=tls if implicit else None)
    state.port = server.sockets[0].getsockname()[1]
    try:
        yield state
    finally:
        server.close()
        for each in state.sessions:
            if each.transport is not None:
                each.transport.abort()


@contextmanager
def mail_server_in_a_thread() -> Iterator[MailServer]:
    """A mail server beside this thread."""
    ready, ended, found = threading.Event(), asyncio.Event(), []
    loop = asyncio.new_event_loop()

    async def run() -> None:
        async with mail_server() as server:
            found.append(server)
            ready.set()
            await ended.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    ready.wait(20)
    try:
        yield found[0]
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(20)
        loop.close()
