"""The route that shows the audit log.

Invariants: only an operator may read it, so organizers do not learn whether others are being watched.
"""

import asyncio
from typing import Annotated

from litestar import get
from litestar.params import Parameter
from msgspec import Struct

from services.api.shared.injection import Injected
from services.api.shared.roles import allow
from services.directory.audit_log import AuditShown, shown
from services.directory.port import PAGE_ENTRIES, AuditLog

_MOST = 2**53
_After = Annotated[int, Parameter(ge=0, le=_MOST, description="``next`` of the page before.")]


class AuditPage(Struct, frozen=True):
    """A page, oldest first; ``next`` is the ``after`` of the next one. Entries are stored for 400 days."""

    entries: tuple[AuditShown, ...]
    next: int | None


@get("/v1/audit", opt=allow("operator"), tags=["operator"])
async def audit(audit: Injected[AuditLog], after: _After = 0) -> AuditPage:
    """Lists who looked at dead letters in full, and who resent them."""
    found = await asyncio.to_thread(audit.entries, after)
    return AuditPage(tuple(map(shown, found)), found[-1].number if len(found) == PAGE_ENTRIES else None)


ROUTES = [audit]
