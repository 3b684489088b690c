"""Errors as problem details (RFC 9457): what is wrong, and what to do next.

Responsibility: the format, and which exception becomes which problem.
Invariants: an exception's own text is not shown where it may quote somebody. Every exception gets a response.
"""

from collections.abc import Callable, Mapping
from typing import Any

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from msgspec import Struct

from services.directory.port import DirectoryError, DirectoryFullError, ErasedError
from services.journal import JournalError, JournalFullError
from services.runtime import BusyError, LogUnavailableError, StoppedError
from streams.runtime.inboxes import InboxForeignError, InboxStoreError, InboxUnavailableError

MEDIA_TYPE = "application/problem+json"
_BASE = "urn:hallway:problem:"
_log = structlog.get_logger("hallway.http")


class Problem(Struct, frozen=True, omit_defaults=True):
    """RFC 9457; ``field`` names what is at fault, where one thing is."""

    type: str
    title: str
    status: int
    detail: str
    field: str | None = None


class ProblemError(Exception):
    """``name`` is the end of the type; ``detail`` says what to do next; ``retry_s`` becomes ``Retry-After``."""

    def __init__(
        self,
        status: int,
        name: str,
        detail: str,
        *,
        field: str | None = None,
        retry_s: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.problem = Problem(_BASE + name, TITLES.get(status, "Error"), status, detail, field)
        self.headers = dict(headers or {}) | ({} if retry_s is None else {"retry-after": str(retry_s)})
        if status == 401:
            self.headers["www-authenticate"] = 'Bearer realm="hallway"'


TITLES = {
    400: "Bad request",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    408: "Too slow",
    409: "Conflict",
    410: "Gone",
    413: "Too large",
    414: "Address too long",
    415: "Unknown media type",
    422: "Cannot be taken",
    429: "Too many requests",
    500: "A fault of ours",
    501: "Not here",
    503: "Busy",
    507: "The disk is full",
}

_RUNNING_IT = frozenset({"organizer", "operator"})
_DETAILS = {
    404: "There is nothing at this address. /schema/openapi.json lists the addresses.",
    405: "This address does not support that method. See /schema/openapi.json.",
}


def store_trouble(sentence: str) -> ProblemError:
    """The inbox store is unavailable or refuses; ``sentence`` is an InboxStoreError's and says why."""
    return ProblemError(503, "store", f"{sentence} Nothing is lost: Hallway will recover by itself.", retry_s=5)


def busy(detail: str) -> ProblemError:
    """503 with ``Retry-After``."""
    return ProblemError(503, "busy", detail, retry_s=1)


def response(error: ProblemError) -> Response[Problem]:
    """The error as an HTTP response."""
    return Response(error.problem, status_code=error.problem.status, media_type=MEDIA_TYPE, headers=error.headers)


def _own(request: Request[Any, Any, Any], error: ProblemError) -> Response[Problem]:
    return response(error)


def _http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    status = error.status_code
    if isinstance(error, ValidationException):
        return response(_invalid(error))
    if status >= 500:
        return _fault(request, error)
    problem = ProblemError(status, "http", _DETAILS.get(status, "The request cannot be read. Correct it."))
    if status == 405:
        problem.headers["allow"] = (error.headers or {}).get("allow", "")
    return response(problem)


def _invalid(error: ValidationException) -> ProblemError:
    """The problem for an invalid body or parameter: the field, and msgspec's message (types, never values)."""
    found = error.extra[0] if isinstance(error.extra, list) and error.extra else {}
    field = str(found.get("key") or "") or None if isinstance(found, dict) else None
    said = str(found.get("message", "")) if isinstance(found, dict) else ""
    said = said or "The body does not have the expected form."
    return ProblemError(400, "invalid", f"{said.rstrip('.')}. See /schema/openapi.json.", field=field)


def _unreadable(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    return response(
        ProblemError(400, "invalid", "The request is not JSON in UTF-8, or is nested too deeply. Correct it.")
    )


def _busy(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    return response(busy("Hallway is busy or stopping; nothing was accepted. Send the same again in a moment."))


def _late(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    detail = "No answer in time. Send the same again, with the same ids: nothing is accepted twice."
    return response(busy(detail))


def _inbox(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """Organizers and operators learn why the store refuses, for they can do something about it; attendees wait."""
    caller = request.scope.get("state", {}).get("caller")
    if isinstance(error, InboxStoreError) and getattr(caller, "role", None) in _RUNNING_IT:
        return response(store_trouble(str(error)))
    return response(busy("The inboxes are being rebuilt; nothing is lost. Try again in a moment."))


def _full(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    detail = "The server's disk is full; nothing was accepted. Free some space, then send the same again."
    return response(ProblemError(507, "full", detail, retry_s=30))


def _log_away(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    _log.error("the log cannot be written", error=type(error).__name__)
    return response(busy("The log cannot be written now; nothing was accepted. Send the same again in a moment."))


def _directory_away(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    _log.error("the directory cannot be used", error=type(error).__name__)
    return response(busy("The directory is unavailable; nothing was accepted. Send the same again in a moment."))


def _erased(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    return response(ProblemError(404, "attendee", "Nobody is registered under this id. Register them again."))


def _away(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    detail = "The log is unavailable; nothing was accepted. Send the same again in a moment."
    return response(ProblemError(503, "away", detail, retry_s=2))


def _fault(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    where = f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}" if frame else ""
    _log.error("unexpected error", error=type(error).__name__, where=where, path=request.scope.get("path_template", ""))
    return response(
        ProblemError(500, "fault", "This is a fault of the server, not yours. Tell the organizer when it happened.")
    )


HANDLERS: dict[int | type[Exception], Callable[..., Response[Problem]]] = {
    ProblemError: _own,
    HTTPException: _http,
    UnicodeError: _unreadable,
    RecursionError: _unreadable,
    BusyError: _busy,
    StoppedError: _busy,
    TimeoutError: _late,
    InboxUnavailableError: _inbox,
    InboxForeignError: _inbox,
    LogUnavailableError: _away,
    ErasedError: _erased,
    JournalFullError: _full,
    DirectoryFullError: _full,
    DirectoryError: _directory_away,
    JournalError: _log_away,
    Exception: _fault,
}
