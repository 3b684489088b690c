"""How uvicorn listens, and for how long it waits for a client that does not say what it wants.

Owns: the server's settings, the time for a request's head, and for taking an answer. May never: end a line while a
request is being answered, unless its client takes nothing of the answer.
Theory: uvicorn ends a line that idles after an answer, but waits for ever for a first byte, or for the end of a head
that was begun. Here each wait for a head has one timer, begun with the line or with the head's first byte. It also
waits for ever for a client that asked and does not read: here it is looked at again and again whether it took some.
"""

import asyncio
from collections.abc import Sequence

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from services.api.shared.bounds import Bounds
from services.api.transport.middleware import Edge


class _Patient(H11Protocol):
    head_s: float
    send_s: float
    _timer: asyncio.TimerHandle | None = None
    _look: asyncio.TimerHandle | None = None

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
        self._stop_looking()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._look_later()

    def resume_writing(self) -> None:
        self._stop_looking()
        super().resume_writing()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._look_later()

    def _wait(self) -> None:
        self._timer = self.loop.call_later(self.head_s, self._late)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look_later(self) -> None:
        left = self.transport.get_write_buffer_size()
        if left and self._look is None:
            self._look = self.loop.call_later(self.send_s, self._looked, left)

    def _looked(self, before: int) -> None:
        self._look = None
        if self.transport.get_write_buffer_size() >= before:
            self.transport.abort()
        else:
            self._look_later()

    def _stop_looking(self) -> None:
        if self._look is not None:
            self._look.cancel()
            self._look = None

    def _late(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            self.transport.close()


def config_of(app: Edge, bounds: Bounds, trusted: Sequence[str], rest_s: float) -> uvicorn.Config:
    """``trusted``: proxies whose forwarded addresses are believed. ``rest_s``: for requests under way at the end."""
    return uvicorn.Config(
        app,
        http=type("Patient", (_Patient,), {"head_s": bounds.head_s, "send_s": bounds.send_s}),
        ws="none",
        forwarded_allow_ips=",".join(trusted),  # said here, or the environment would decide
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_keep_alive=bounds.idle_s,
        timeout_graceful_shutdown=round(rest_s),
        limit_concurrency=10_000,
        h11_max_incomplete_event_size=32 * 1024,
    )
