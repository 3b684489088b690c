"""Sends what waits in the outbox: one mail at a time, over one kept connection.

Invariants:
- A mail is claimed before it is handed over and settled after it; the port says why.
- A mail server that cannot be used costs no mail: what was claimed waits again.
- Logs say what is wrong once, however often it is retried, and never an address, a name or a link.

Failure modes:
- The process is killed while a mail is handed over: the next start calls it unclear and does not send it again.
- It is stopped before that: the mail waits.
- The mail server loses its answer: unclear too.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import structlog

from services.directory.port import Delivery, DirectoryError, Mail, Outbox
from services.mail.connection import Connection, MailServerError, MailSetupError
from services.mail.settings import is_address

DELAY_MS = 60_000  # after a first temporary refusal, doubled each time: greylisting lasts minutes
MOST_DELAY_MS = 3_600_000
PAUSE_S = 30.0  # for a mail server that cannot be used
SETUP_PAUSE_S = 300.0  # until somebody has corrected it: a wrong password too often locks a user out
MOST_DELAYS = 10  # in a row; then the server is left alone for a pause, for it puts off everybody
IDLE_S = 5.0  # how long a connection is kept without a mail
MOST_WAIT_S = 60.0
_log = structlog.get_logger("hallway.mail")


class OutboxSender:
    """Call ``run`` as a task; ``wake`` after something was queued. ``build``: a mail's bytes for an address."""

    def __init__(
        self,
        outbox: Outbox,
        connection: Connection,
        build: Callable[[Mail, str], bytes],
        clock: Callable[[], int],
        pause_s: float = PAUSE_S,
    ) -> None:
        self._outbox, self._connection, self._build, self._clock = outbox, connection, build, clock
        self._pause_s = pause_s
        self._queued = asyncio.Event()
        self._trouble: str | None = None
        self._delays = 0  # since a mail was not put off
        self.deliveries: dict[Delivery, int] = {"accepted": 0, "refused": 0, "delayed": 0, "unclear": 0}

    @property
    def trouble(self) -> str | None:
        """Why mails wait, for the operator; None where none has to."""
        return self._trouble or self._connection.trouble

    def wake(self) -> None:
        """Something was queued."""
        self._queued.set()

    async def run(self) -> None:
        """Sends until it is cancelled."""
        interrupted = await asyncio.to_thread(self._outbox.settle_interrupted)
        if interrupted:
            _log.warning("mails were interrupted; whether they were sent is unclear", count=interrupted)
        try:
            while True:
                await self._turn()
        finally:
            await self._connection.close()

    async def _turn(self) -> None:
        self._queued.clear()
        try:
            mail = await self._claim()
            if mail is None:
                await self._wait(await asyncio.to_thread(self._outbox.next_due))
            else:
                await self._deliver(mail)
        except MailServerError as error:
            self._note(str(error))
            # Not woken by what is queued meanwhile: the server is left alone.
            await asyncio.sleep(SETUP_PAUSE_S if isinstance(error, MailSetupError) else self._pause_s)
        except DirectoryError as error:
            _log.warning("the outbox cannot be used now; retrying", error=type(error).__name__)
            await asyncio.sleep(self._pause_s)

    async def _claim(self) -> Mail | None:
        """Claims a mail; one that is claimed while this is stopped waits again, for nobody would send it."""
        claim = asyncio.ensure_future(asyncio.to_thread(self._outbox.claim))
        try:
            return await asyncio.shield(claim)
        except asyncio.CancelledError:
            with suppress(DirectoryError):
                mail = await claim
                if mail is not None:
                    self._outbox.settle(mail.number, "delayed")
            raise

    async def _deliver(self, mail: Mail) -> None:
        recipient = _in_ascii(mail.email)
        try:
            if recipient is None:
                delivery: Delivery = "refused"
            else:
                delivery = await self._connection.send(recipient, self._build(mail, recipient))
        except MailServerError:
            await asyncio.to_thread(self._outbox.settle, mail.number, "delayed")
            raise
        except asyncio.CancelledError:
            if not self._connection.is_handing_over:  # else the next start calls it unclear
                with suppress(DirectoryError):
                    self._outbox.settle(mail.number, "delayed")
            raise
        await self._settle(mail, delivery)
        self._delays = self._delays + 1 if delivery == "delayed" else 0
        if self._delays >= MOST_DELAYS:
            raise MailServerError("The mail server puts every mail off.")
        self._note(None)

    async def _settle(self, mail: Mail, delivery: Delivery) -> None:
        """Repeats it while the disk is full: the next mail waits until it is known what became of this one."""
        self.deliveries[delivery] += 1
        wait_ms = min(DELAY_MS << min(mail.tries - 1, 16), MOST_DELAY_MS)
        while True:
            try:
                await asyncio.to_thread(self._outbox.settle, mail.number, delivery, wait_ms)
            except DirectoryError as error:
                _log.warning("a mail cannot be settled now; retrying", error=type(error).__name__)
                await asyncio.sleep(self._pause_s)
            else:
                return

    async def _wait(self, due: int | None) -> None:
        wait_s = MOST_WAIT_S if due is None else min((due - self._clock()) / 1_000, MOST_WAIT_S)
        if wait_s <= 0 or await self._is_woken(min(wait_s, IDLE_S)):
            return
        if wait_s > IDLE_S:
            await self._connection.close()
            await self._is_woken(wait_s - IDLE_S)

    async def _is_woken(self, within_s: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._queued.wait(), within_s)
        return self._queued.is_set()

    def _note(self, trouble: str | None) -> None:
        if trouble is not None and trouble != self._trouble:
            _log.warning("mail waits", reason=trouble)
        elif trouble is None and self._trouble is not None:
            _log.info("mail is sent again")
        self._trouble = trouble


def _in_ascii(email: str) -> str | None:
    """The address as a mail server takes it, a domain in another script encoded; None where none would take it."""
    local, _, domain = email.rpartition("@")
    with suppress(UnicodeError):
        address = f"{local}@{domain.encode('idna').decode()}"
        return address if is_address(address) else None
    return None
