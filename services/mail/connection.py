"""The connection to the mail server: opened when it is needed, kept for the next mail, closed when there is none.

Invariants:
- Nothing is sent in clear text unless the settings say so: where STARTTLS is required and not offered, it fails.
- Only the server's codes get into an error or a log, never its texts: they may repeat an address.
- An answer that was lost after the mail's text was handed over is ``unclear``: the server may have accepted it. Before
  that the mail is certainly not accepted, and may be sent again.
Why: one kept connection sent 270 mails a second, a new one for each 180. aiosmtplib's connection is dead after a
time-out, so it is closed then.
"""

import re
import ssl

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from services.directory.port import Delivery
from services.mail.settings import CA_FILE, SmtpSettings
from streams.runtime.retries import retry

LIMIT_S = 30.0  # for one answer of the server; RFC 5321 allows minutes, but a person waits for the link
_TRIES, _FIRST_S, _MOST_S = 4, 0.5, 4.0
_QUIT_S = 0.5
_PERMANENT = 500
_CLOSING = 421
_SETUP = frozenset({530, 534, 535, 538})  # log in first, log in differently
_POLICY = re.compile(
    r"5\.7\.[0-9]{1,3}"
)  # RFC 3463: the server may not relay for us, or mistrusts us; nothing is wrong with the recipient


class MailServerError(Exception):
    """The mail server cannot be used now. The text is for the operator, and names nobody."""


class MailSetupError(MailServerError):
    """It will not get better by itself: the operator has to change something."""


class Connection:
    """A connection to one mail server, for one caller at a time. ``limit_s``: for each of its answers."""

    def __init__(self, settings: SmtpSettings, limit_s: float = LIMIT_S, tries: int = _TRIES) -> None:
        self._settings, self._limit_s, self._tries = settings, limit_s, tries
        self._client: SMTP | None = None
        self.is_handing_over = False  # from here on an interruption leaves it unclear whether a mail was accepted
        self.trouble: str | None = None  # why mails were delayed although the server answers

    async def send(self, recipient: str, message: bytes) -> Delivery:
        """Sends a mail. MailServerError: the server cannot be used, and has not accepted it.

        A connection that ends with this recipient delays this mail alone: the next one shows whether it is the server.
        """
        client = await self._begin_mail()
        try:
            await client.rcpt(recipient)
            return await self._hand_over(client, message)
        except SMTPRecipientRefused as refusal:
            return await self._refused(client, refusal.code, refusal.message)
        except (SMTPServerDisconnected, SMTPTimeoutError):
            self._drop()
            return "delayed"

    async def close(self) -> None:
        """Closes the connection, politely where that is possible."""
        client, self._client = self._client, None
        if client is None:
            return
        if self.is_handing_over:
            client.close()
            return
        try:
            await client.quit(timeout=_QUIT_S)
        except (SMTPException, OSError):
            client.close()

    # -- one mail ------------------------------------------------------------------------------------------------

    async def _begin_mail(self) -> SMTP:
        """Names the sender; on a new connection where the server has closed the kept one meanwhile."""
        for is_last in (False, True):
            client = await self._open()
            try:
                await client.mail(self._settings.sender)
            except (SMTPServerDisconnected, SMTPTimeoutError):
                self._drop()
                if is_last:
                    raise MailServerError(self._said("lost the connection")) from None
            except SMTPResponseException as refusal:
                self._drop()
                if refusal.code != _CLOSING or is_last:
                    text = f"does not accept mail from {self._settings.sender} now ({refusal.code})"
                    raise _error(refusal.code)(self._said(text)) from None
            else:
                return client
        raise AssertionError

    async def _hand_over(self, client: SMTP, message: bytes) -> Delivery:
        self.is_handing_over = True  # and stays so if this is cancelled
        try:
            await client.data(message)
        except SMTPResponseException as refusal:
            self.is_handing_over = False
            return await self._refused(client, refusal.code, refusal.message)
        except (SMTPServerDisconnected, SMTPTimeoutError):
            self.is_handing_over = False
            self._drop()
            return "unclear"
        self.is_handing_over = False
        self.trouble = None
        return "accepted"

    async def _refused(self, client: SMTP, code: int, text: str) -> Delivery:
        """What a refusal means: ``delayed`` where it is not about this recipient, or not for good."""
        if code in _SETUP:
            self._drop()
            raise MailSetupError(self._said(f"accepts no mail without another login ({code})"))
        try:
            await client.rset()
        except (SMTPException, OSError):  # after a 421 too
            self._drop()
        if code < _PERMANENT:
            return "delayed"
        if policy := _POLICY.match(text):
            self.trouble = self._said(f"refuses to send for us ({code} {policy[0]}). Look at its rules")
            return "delayed"
        return "refused"

    # -- the connection ------------------------------------------------------------------------------------------

    async def _open(self) -> SMTP:
        if self._client is not None and self._client.is_connected:
            return self._client
        self._drop()
        async for attempt in retry(_DownError, first_s=_FIRST_S, max_s=_MOST_S, tries=self._tries):
            with attempt:
                self._client = await self._connected()
        assert self._client is not None
        return self._client

    async def _connected(self) -> SMTP:
        its = self._settings
        try:
            tls = None if its.tls == "none" else ssl.create_default_context(cafile=its.ca_file or None)
        except (ssl.SSLError, OSError):
            raise MailSetupError(f"{CA_FILE} is not a PEM file with certificates.") from None
        client = SMTP(
            hostname=its.host,
            port=its.port,
            use_tls=its.tls == "implicit",
            start_tls=its.tls == "starttls",  # never None: that sends in clear text without a word
            tls_context=tls,
            local_hostname=its.domain,  # else the machine's name, which a look-up finds slowly
            timeout=self._limit_s,
        )
        missing = "STARTTLS"
        try:
            await client.connect()
            missing = "login that we know"
            if its.user:
                await client.login(its.user, its.password)
        except (SMTPException, OSError) as error:
            client.close()
            raise self._explained(error, missing) from None
        return client

    def _explained(self, error: Exception, missing: str) -> MailServerError:
        if isinstance(error, SMTPAuthenticationError):
            code = error.code
            if code < _PERMANENT:
                return _DownError(self._said(f"does not log us in now ({code})"))
            return MailSetupError(self._said(f"refuses the user or the password ({code}). Correct them and restart"))
        if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
            return MailSetupError(self._said("has a certificate that is not valid for it, so nothing is sent"))
        if isinstance(error, SMTPResponseException):
            return _DownError(self._said(f"does not accept the connection ({error.code})"))
        if isinstance(error, OSError):  # time-outs and lost connections too
            return _DownError(self._said("cannot be reached"))
        return MailSetupError(self._said(f"offers no {missing}, so nothing is sent. Correct the settings and restart"))

    def _said(self, text: str) -> str:
        return f"The mail server {self._settings.host}:{self._settings.port} {text}."

    def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None


class _DownError(MailServerError):
    """It may recover by itself."""


def _error(code: int) -> type[MailServerError]:
    return MailSetupError if code in _SETUP else MailServerError
