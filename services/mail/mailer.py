"""Mail as the API sees it: ask for lost links, mail a conference's people, send a test mail, and what is wrong.

Invariants: a server without a mail server has a mailer too, which is not enabled and sends nothing.
"""

import asyncio
import time
from collections.abc import Callable

from services.admission.conference_registry import ConferenceRegistry
from services.admission.rate_limits import RATES, Limiter
from services.directory.person_fields import name_form
from services.directory.port import Delivery, Mail, MailCounts, Outbox
from services.mail.connection import Connection, MailServerError
from services.mail.link_requests import LinkRequests
from services.mail.message import build_message
from services.mail.outbox_sender import OutboxSender
from services.mail.settings import SmtpSettings
from services.mail.wording import test_words, words_of

TEST_LIMIT_S = 10.0  # for a test mail: the operator waits
OFF = "This server sends no mail. The operator can change that: see --smtp in docs/operators.md."


class Mailer:
    """``settings`` None: not enabled. ``sign_in_link``: the address of a secret. ``home``: the server's address.
    ``beat_s``: between two look-ups of requests for lost links.
    """

    def __init__(
        self,
        settings: SmtpSettings | None,
        outbox: Outbox,
        conferences: ConferenceRegistry,
        sign_in_link: Callable[[str], str],
        home: str,
        clock: Callable[[], int],
        beat_s: float,
    ) -> None:
        self._settings, self._outbox, self._conferences = settings, outbox, conferences
        self._sign_in_link, self._home, self._clock = sign_in_link, home, clock
        self._sender = OutboxSender(outbox, Connection(settings), self._built, clock) if settings else None
        self._requests = LinkRequests(
            outbox, Limiter(RATES["mail_address"], lambda: time.monotonic_ns() // 1_000), self._wake, beat_s
        )

    @property
    def is_enabled(self) -> bool:
        """Whether this server sends mail."""
        return self._sender is not None

    @property
    def trouble(self) -> str | None:
        """Why mails wait, for the operator; None where none has to."""
        return self._sender.trouble if self._sender else None

    @property
    def deliveries(self) -> dict[Delivery, int]:
        """How many mails had which outcome since the start."""
        return self._sender.deliveries if self._sender else {}

    async def run(self) -> None:
        """Sends until it is cancelled."""
        assert self._sender is not None
        await self._sender.run()

    async def run_requests(self) -> None:
        """Looks up requests for links until it is cancelled."""
        await self._requests.run()

    def request_links(self, email: str) -> None:
        """Takes a request for lost links. Nothing tells whether somebody is registered under the address."""
        self._requests.add(email)

    async def mail_first_links(self, conference: str) -> MailCounts:
        """Queues a mail for everybody who has never signed in and has none yet. OutboxFullError: too many wait."""
        await asyncio.to_thread(self._outbox.queue_first_links, conference)
        self._wake()
        return await self.counts(conference)

    async def counts(self, conference: str) -> MailCounts:
        """What became of a conference's mails."""
        return await asyncio.to_thread(self._outbox.counts, conference)

    async def count_waiting(self) -> int:
        """How many mails wait."""
        return await asyncio.to_thread(self._outbox.count_waiting)

    async def send_test(self, recipient: str) -> Delivery:
        """Sends a test mail now, on a connection of its own. MailServerError: the reason, for the operator."""
        assert self._settings is not None
        connection = Connection(self._settings, TEST_LIMIT_S, tries=1)
        try:
            words, sender = test_words(self._home), self._settings.sender
            content = build_message(words, sender, recipient, self._clock())
            async with asyncio.timeout(TEST_LIMIT_S):
                delivery = await connection.send(recipient, content)
            return "refused" if connection.trouble else delivery
        except TimeoutError:
            raise MailServerError(f"The mail server did not answer within {TEST_LIMIT_S:.0f} seconds.") from None
        finally:
            await connection.close()

    def _wake(self) -> None:
        if self._sender is not None:
            self._sender.wake()

    def _built(self, mail: Mail, recipient: str) -> bytes:
        assert self._settings is not None
        words = words_of(mail, self._describe, self._sign_in_link, self._home)
        return build_message(words, self._settings.sender, recipient, self._clock())

    def _describe(self, conference: str) -> tuple[str, str]:
        """A conference's name and time zone."""
        known = self._conferences.get(conference)
        if known is None or known.opened is None:
            return conference, "UTC"
        return name_form(known.opened.name), known.opened.time_zone  # in one line: it gets into a header
