"""What ticket tools say of whether somebody comes, in several languages.

Invariants: somebody whose ticket is said to be cancelled is never registered; what is in no list is told.
Source: statuses of Eventbrite, Luma, pretix, Tito, Hi.Events and Indico, as their documentation names them.
"""

import re
import unicodedata
from typing import Literal

from services.admission.registration.attendee_csv.cells import yes_or_no

Coming = Literal["yes", "no", "unknown"]

# Words, without accents; one of them is enough.
_NOT_COMING = frozenset(
    ("cancelled", "canceled", "cancellation", "declined", "void", "voided", "refunded", "refund", "rejected",
     "deleted", "expired", "waitlist", "waitlisted", "waiting", "pending_approval", "invited", "storniert",
     "abgesagt", "erstattet", "abgelehnt", "warteliste", "geloscht", "annule", "annulee", "rembourse", "remboursee",
     "refuse", "refusee", "cancelado", "cancelada", "reembolsado", "reembolsada", "rechazado", "rechazada",
     "rejeitado", "annullato", "annullata", "rimborsato", "rimborsata", "rifiutato", "geannuleerd", "terugbetaald",
     "afgewezen", "avbokad", "annulleret", "avlyst", "peruttu", "anulowane", "anulowany", "zwrocone", "iptal",
     "отменен", "отменено", "取消", "已取消", "已退款", "キャンセル", "キャンセル済み")
)  # fmt: skip
_SENTENCES = frozenset(("not attending", "not going", "pending approval", "wait list", "on the waitlist"))
_COMING = frozenset(
    ("attending", "going", "approved", "confirmed", "complete", "completed", "paid", "free", "checked in",
     "registered", "active", "valid", "accepted", "issued", "sold", "ok", "bestatigt", "bezahlt", "angemeldet",
     "teilnehmer", "confirme", "confirmee", "paye", "payee", "inscrit", "inscrite", "confirmado", "confirmada",
     "pagado", "pagada", "pago", "paga", "confermato", "confermata", "pagato", "pagata", "bevestigd", "betaald",
     "bekraftad", "betald", "potwierdzone", "oplacone", "attendee")
)  # fmt: skip


def is_coming(cell: str, title: str) -> Coming:
    """What a status says. Under a title that asks whether a ticket is void, yes means that it is."""
    letters = unicodedata.normalize("NFD", cell.casefold())
    plain = "".join(sign for sign in letters if not unicodedata.combining(sign))
    words = re.findall(r"\w+", plain)
    said = " ".join(words)
    if not words or said in _COMING:
        return "yes"
    if "void" in title.casefold() and (answer := yes_or_no(cell)) is not None:
        return "no" if answer else "yes"
    if not {"partially", "partial", "teilweise"}.isdisjoint(words):
        return "unknown"  # of an order with several tickets
    return "no" if said in _SENTENCES or not _NOT_COMING.isdisjoint(words) else "unknown"
