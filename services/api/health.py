"""Routes for liveness, readiness, metrics and the OpenAPI document.

Invariants: an unauthenticated caller learns only whether the server is healthy, and in a fixed sentence what is wrong.
"""

import asyncio
from typing import Any

from litestar import Request, Response, get
from msgspec import Struct

from services.admission.conference_registry import ConferenceRegistry
from services.api.openapi import openapi_document
from services.api.shared.bounds import Bounds
from services.api.shared.injection import Injected
from services.api.shared.problems import ProblemError, store_trouble
from services.api.shared.public_address import PublicAddress
from services.api.shared.roles import EVERYBODY, LOOPBACK, allow
from services.api.transport.metrics import Metrics
from services.inbox.port import Inboxes
from services.journal import Journal
from services.runtime.ports import Runner
from streams.runtime.inboxes import InboxStoreError

_NOBODY = "-"  # not a valid attendee id; if this inbox can be read, the others can too


class Health(Struct, frozen=True):
    """The server is healthy; otherwise the response is a problem."""

    status: str


@get("/healthz/live", opt=allow(EVERYBODY), tags=["health"])
async def live() -> Health:
    """The process is running."""
    return Health("live")


@get("/healthz/ready", opt=allow(EVERYBODY), tags=["health"])
async def ready(
    runner: Injected[Runner],
    inboxes: Injected[Inboxes],
    registry: Injected[ConferenceRegistry],
    bounds: Injected[Bounds],
) -> Health:
    """The server accepts events and shows inboxes."""
    if runner.failure is not None:
        raise ProblemError(503, "failed", "Hallway has failed and must be restarted. See its log.", retry_s=5)
    if not runner.is_accepting:
        raise ProblemError(
            503, "away", "The log is unavailable, so no events are accepted. Reading still works.", retry_s=2
        )
    try:
        async with asyncio.timeout(bounds.ask_s):
            await inboxes.check()  # a store that can be read may still refuse deliveries
            opened = next((known.id for known in registry if known.opened is not None), None)
            if opened is not None:
                await inboxes.read(opened, _NOBODY)
    except InboxStoreError as error:
        raise store_trouble(str(error)) from None
    return Health("ready")


@get("/metrics", opt=allow(LOOPBACK, "operator"), media_type="text/plain", tags=["health"])
async def metrics(
    metrics: Injected[Metrics],
    runner: Injected[Runner],
    journal: Injected[Journal],
    registry: Injected[ConferenceRegistry],
) -> Response[bytes]:
    """Metrics for Prometheus, from this machine or with an operator's key."""
    for known in registry:
        metrics.records.labels(known.id).set(journal.length(known.id))
    metrics.tasks.set(len(asyncio.all_tasks()))
    metrics.takes.set(runner.is_accepting)
    metrics.unfolded.set(runner.lag)
    metrics.letters.set(await asyncio.to_thread(journal.dead_letter_count))
    return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


@get("/schema/openapi.json", opt=allow(EVERYBODY), include_in_schema=False)
async def openapi(request: Request[Any, Any, Any], address: Injected[PublicAddress]) -> Response[dict[str, Any]]:
    """This API in OpenAPI 3.1, with who may call what."""
    servers = [{"url": address.path or "/"}]
    return Response(openapi_document(request.app) | {"servers": servers}, media_type="application/json")


ROUTES = [live, ready, metrics, openapi]
