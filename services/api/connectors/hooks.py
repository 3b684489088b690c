"""``POST /v1/hooks/…``: the webhooks of connectors' sources.

Invariants: the address is the proof; a body only says where to look, and nothing in it is believed. The answer waits
for one write to the disk and for nothing at the source.
"""

import asyncio
from typing import Annotated, Any

from litestar import Request, post
from litestar.params import Parameter

from services.admission.conference_registry import ConferenceRegistry
from services.api.shared.injection import Injected
from services.api.shared.problems import ProblemError
from services.api.shared.roles import EVERYBODY, allow
from services.connectors.registry import BY_NAME, config_of
from services.connectors.supervisor import Supervisor
from services.directory.port import Connectors


@post("/v1/hooks/{secret:str}", opt=allow(EVERYBODY), status_code=204, tags=["connectors"])
async def receive_webhook(
    connector_store: Injected[Connectors],
    supervisor: Injected[Supervisor],
    registry: Injected[ConferenceRegistry],
    secret: Annotated[str, Parameter(max_length=128)],
    request: Request[Any, Any, Any],
) -> None:
    """Takes a webhook: what it points at is read from the source. 410 ends it: the conference is closed."""
    row = await asyncio.to_thread(connector_store.by_hook, secret)
    if row is None:
        raise ProblemError(
            404, "webhook", "There is no such webhook. Copy its address again from the organizer's page."
        )
    known = registry.get(row.conference)
    if known is None or known.closed:
        raise ProblemError(410, "closed", "The conference is closed. This webhook can be removed.")
    hint = BY_NAME[row.kind].hint_of(config_of(row), await request.body())
    if hint is None or row.paused:
        return  # nothing of this event, or found by polling when it is resumed
    await asyncio.to_thread(connector_store.add_hint, row.conference, row.id, hint)
    supervisor.wake(row.conference, row.id)


ROUTES = [receive_webhook]
