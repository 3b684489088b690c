"""Routes to ask for a lost sign-in link by mail.

Invariants:
- The answer says nothing about who is registered: it is the same for every address, and is given before anything is
  looked up. That a request was one too many for its address is not said either.
- Only Hallway's own pages may ask (``own_pages``), so that another site's visitors do not.
"""

from litestar import get, post
from msgspec import Struct

from services.admission.rate_limits import network_of
from services.api.shared.guard import Caller
from services.api.shared.injection import Injected
from services.api.shared.problems import ProblemError
from services.api.shared.rate_limits import RateLimits
from services.api.shared.roles import EVERYBODY, allow
from services.api.sign_in.own_pages import require_own_pages
from services.directory.person_fields import email_form, fault_in
from services.directory.port import Person
from services.mail.mailer import Mailer


class ByMail(Struct, frozen=True):
    """Whether this server sends sign-in links by mail."""

    by_mail: bool


class LostLink(Struct, forbid_unknown_fields=True):
    """The e-mail address that somebody is registered under."""

    email: str


class Requested(Struct, frozen=True):
    """The request was taken. If somebody is registered under the address, a mail follows within a minute or so."""

    status: str = "requested"


@get("/v1/sign-in-links", opt=allow(EVERYBODY), tags=["attendee"])
async def sign_in_by_mail(mailer: Injected[Mailer]) -> ByMail:
    """Says whether sign-in links can be asked for by mail."""
    return ByMail(mailer.is_enabled)


@post("/v1/sign-in-links", opt=allow(EVERYBODY), guards=[require_own_pages], status_code=202, tags=["attendee"])
async def request_link(
    caller: Injected[Caller], mailer: Injected[Mailer], limits: Injected[RateLimits], data: LostLink
) -> Requested:
    """Asks for new sign-in links by mail: one for each conference that the address is registered for. The answer is the
    same whether it is or not."""
    if not mailer.is_enabled:
        raise ProblemError(404, "mail", "This server sends no mail. Ask your organizer for a link.")
    limits.charge("mail", network_of(caller.address))
    email = email_form(data.email)
    if not email or fault_in(Person(conference="", attendee="", email=email)) is not None:
        raise ProblemError(422, "email", "email is not an e-mail address, such as ada@example.org.", field="email")
    mailer.request_links(email)
    return Requested()


ROUTES = [sign_in_by_mail, request_link]
