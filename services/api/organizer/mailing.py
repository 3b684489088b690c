"""Mails a sign-in link to everybody of a conference who has never signed in, as a job with progress.

Invariants: the organizer sees counts, and the ids of people whose address was refused; never a link. Nobody is mailed
twice, however often it is started, also across a crash: see the port of the outbox.
"""

from litestar import get, post
from msgspec import Struct

from schemas.events import PlainId
from services.api.shared.conference_access import ConferenceAccess
from services.api.shared.guard import Caller
from services.api.shared.injection import Injected
from services.api.shared.problems import ProblemError
from services.api.shared.rate_limits import RateLimits
from services.api.shared.roles import allow
from services.directory.port import MailCounts, OutboxFullError
from services.mail.mailer import OFF, Mailer

_WAITS = "Mail waits: the mail server cannot be used now. It is tried again; the operator can see why."
_FULL = "Too many mails of this server wait to be sent; none was added. Try again when they are sent."


class Mailing(Struct, frozen=True):
    """People by what became of their mail. ``by_mail``: false where this server sends no mail.

    ``unmailed``: have never signed in, have an address, and would be mailed now. ``waiting``: not sent yet.
    ``accepted`` by a mail server. ``refused`` for good: give them a link in another way.
    ``refused_attendees``: the first 100 of them. ``late``: no server took it for three days; start again.
    ``unclear``: an answer was lost, so the mail may or may not have arrived; it is not sent again by itself.
    ``trouble``: why mail waits.
    """

    by_mail: bool
    unmailed: int
    waiting: int
    accepted: int
    refused: int
    late: int
    unclear: int
    refused_attendees: tuple[str, ...]
    trouble: str | None


@get("/v1/conferences/{conference:str}/attendees/mailing", opt=allow("organizer"), tags=["organizer"])
async def mailing(
    caller: Injected[Caller], access: Injected[ConferenceAccess], mailer: Injected[Mailer], conference: PlainId
) -> Mailing:
    """Shows the progress of mailing sign-in links."""
    access.require(caller, conference)
    counts = await mailer.counts(conference) if mailer.is_enabled else MailCounts()
    return _shown(mailer, counts)


@post("/v1/conferences/{conference:str}/attendees/mailing", opt=allow("organizer"), status_code=202, tags=["organizer"])
async def start_mailing(
    caller: Injected[Caller],
    access: Injected[ConferenceAccess],
    mailer: Injected[Mailer],
    limits: Injected[RateLimits],
    conference: PlainId,
) -> Mailing:
    """Mails a sign-in link to each registered person who has never signed in and has not been mailed one."""
    known = access.require(caller, conference)
    if not mailer.is_enabled:
        raise ProblemError(404, "mail", OFF)
    if known.closed:
        raise ProblemError(409, "closed", "This conference is closed, so nobody needs a first link any more.")
    unmailed = (await mailer.counts(conference)).unmailed
    limits.charge("mailing", caller.payer, unmailed)
    try:
        return _shown(mailer, await mailer.mail_first_links(conference))
    except OutboxFullError:
        raise ProblemError(503, "mail-full", _FULL, retry_s=600) from None


def _shown(mailer: Mailer, counts: MailCounts) -> Mailing:
    return Mailing(
        by_mail=mailer.is_enabled,
        unmailed=counts.unmailed,
        waiting=counts.waiting,
        accepted=counts.accepted,
        refused=counts.refused,
        late=counts.late,
        unclear=counts.unclear,
        refused_attendees=counts.refused_attendees,
        trouble=_WAITS if counts.waiting and mailer.trouble else None,
    )


ROUTES = [mailing, start_mailing]
