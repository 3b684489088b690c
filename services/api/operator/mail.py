"""The operator's routes for mail: whether it is sent, and a test mail with a plain answer."""

from litestar import get, post
from msgspec import Struct

from services.api.shared.injection import Injected
from services.api.shared.problems import ProblemError
from services.api.shared.roles import allow
from services.directory.port import Delivery
from services.mail.connection import MailServerError
from services.mail.mailer import OFF, Mailer
from services.mail.settings import is_address

OPERATOR = allow("operator")
_MEANS: dict[Delivery, str] = {
    "accepted": "The mail server accepted the test mail. Look into the mailbox, and into its folder for spam.",
    "refused": "The mail server refused this recipient, or may not send for us. Look at its log.",
    "delayed": "The mail server put this recipient off. Try again in some minutes.",
    "unclear": "The mail server took the test mail, but its answer was lost. Look into the mailbox.",
}


class MailState(Struct, frozen=True):
    """``waiting``: mails that are not sent yet. The others: since this server started. ``trouble``: why they wait."""

    enabled: bool
    waiting: int
    accepted: int
    refused: int
    delayed: int
    unclear: int
    trouble: str | None


class TestMail(Struct, forbid_unknown_fields=True):
    """Where the test mail goes."""

    __test__ = False  # not one of pytest's

    email: str


class TestResult(Struct, frozen=True):
    """What the mail server did, and what that means."""

    __test__ = False

    delivery: Delivery
    text: str


@get("/v1/mail", opt=OPERATOR, tags=["operator"])
async def mail_state(mailer: Injected[Mailer]) -> MailState:
    """Shows whether mail is sent, how many mails wait, and why."""
    counts = {name: mailer.deliveries.get(name, 0) for name in _MEANS}
    waiting = await mailer.count_waiting() if mailer.is_enabled else 0
    return MailState(enabled=mailer.is_enabled, waiting=waiting, trouble=mailer.trouble, **counts)


@post("/v1/mail/test", opt=OPERATOR, status_code=200, tags=["operator"])
async def send_test_mail(mailer: Injected[Mailer], data: TestMail) -> TestResult:
    """Sends a test mail at once, on a connection of its own."""
    if not mailer.is_enabled:
        raise ProblemError(404, "mail", OFF)
    if not is_address(data.email):
        raise ProblemError(422, "email", "email is not an e-mail address, such as you@example.org.", field="email")
    try:
        delivery = await mailer.send_test(data.email)
    except MailServerError as error:
        raise ProblemError(502, "mail-server", str(error)) from None
    return TestResult(delivery, _MEANS[delivery])


ROUTES = [mail_state, send_test_mail]
