"""The settings of uvicorn, and its time limits for clients that send no request or take no response.

Responsibility: the server's configuration, the time limit for a request's head, and the one for reading a response.
Invariants: a connection is not closed while a request is being answered, unless its client takes nothing.
Why: uvicorn closes a connection that is idle after a response, but waits for ever for the first byte, for the end of a
head, or for a client that does not read. Here each wait for a head has one timer, which starts with the connection or
with the head's first byte, and a client that reads slowly is checked for progress at intervals.
"""

import asyncio
from collections.abc import Sequence

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from services.api.shared.bounds import Bounds
from services.api.transport.middleware import Edge


class _TimedProtocol(H11Protocol):
    head_s: float
    send_s: float
    _timer: asyncio.TimerHandle | None = None
    _check_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._stop_waiting()
        elif self._timer is None:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self._stop_checking()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._check_later()

    def resume_writing(self) -> None:
        self._stop_checking()
        super().resume_writing()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._check_later()

    def _wait(self) -> None:
        self._timer = self.loop.call_later(self.head_s, self._close_idle)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _check_later(self) -> None:
        left = self.transport.get_write_buffer_size()
        if left and self._check_timer is None:
            self._check_timer = self.loop.call_later(self.send_s, self._check_progress, left)

    def _check_progress(self, before: int) -> None:
        self._check_timer = None
        if self.transport.get_write_buffer_size() >= before:
            self.transport.abort()
        else:
            self._check_later()

    def _stop_checking(self) -> None:
        if self._check_timer is not None:
            self._check_timer.cancel()
            self._check_timer = None

    def _close_idle(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            self.transport.close()


def config_of(app: Edge, bounds: Bounds, trusted: Sequence[str], rest_s: float) -> uvicorn.Config:
    """The configuration of uvicorn. ``trusted``: proxies whose forwarded addresses count. ``rest_s``: how long requests
    under way may take at shutdown."""
    return uvicorn.Config(
        app,
        http=type("TimedProtocol", (_TimedProtocol,), {"head_s": bounds.head_s, "send_s": bounds.send_s}),
        ws="none",
        forwarded_allow_ips=",".join(trusted),  # set here, else the environment would decide
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_keep_alive=bounds.idle_s,
        timeout_graceful_shutdown=round(rest_s),
        limit_concurrency=10_000,
        h11_max_incomplete_event_size=32 * 1024,
    )
