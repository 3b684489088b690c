"""The bare peer: what uvicorn, Litestar and msgspec cost when nothing is kept, matched or looked up.

``POST /echo`` reads events as JSONL and answers each; ``GET /stream?who=`` is a stream of server-sent events;
``POST /tell?who=`` sends one event to that stream, or to all of them (``who=*``). It prints its address.

Owns: nothing. May never: do less than the same request to Hallway has to do at the very least.
"""

import asyncio
import socket
import sys
from typing import Any
from urllib.parse import parse_qs

import msgspec
import uvicorn
from litestar import Litestar, Request, post

from schemas.events import Input

_EVENTS = msgspec.json.Decoder(Input)
_DATA = b'id: 1-0\nevent: suggested\ndata: {"kind":"suggested","card":"m-1","at":"2026-01-01T00:00:00.000Z"}\n\n'
_HEAD = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]}


@post("/echo", status_code=200)
async def echo(request: Request[Any, Any, Any]) -> dict[str, list[dict[str, str]]]:
    """Reads events and answers each."""
    events = _EVENTS.decode_lines(await request.body())
    return {"results": [{"status": "accepted", "id": event.id} for event in events]}


class Peer:
    """Streams as bare ASGI, all else by Litestar."""

    def __init__(self) -> None:
        self._app: Any = Litestar([echo], logging_config=None, openapi_config=None)
        self._streams: dict[str, asyncio.Queue[bytes]] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/stream":
            await self._stream(_who(scope), send)
        elif scope["path"] == "/tell":
            who = _who(scope)
            for queue in list(self._streams.values()) if who == "*" else [self._streams[who]]:
                queue.put_nowait(_DATA)
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
        else:
            await self._app(scope, receive, send)

    async def _stream(self, who: str, send: Any) -> None:
        queue = self._streams[who] = asyncio.Queue()
        await send(_HEAD)
        await send({"type": "http.response.body", "body": b"retry: 2000\n\n", "more_body": True})
        while True:
            await send({"type": "http.response.body", "body": await queue.get(), "more_body": True})


def _who(scope: Any) -> str:
    return parse_qs(scope["query_string"].decode())["who"][0]


def main() -> None:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # or asyncio leaves Nagle on
    sock.bind(("127.0.0.1", 0))
    sock.listen(1_024)
    sys.stdout.write(f"http://127.0.0.1:{sock.getsockname()[1]}\n")
    sys.stdout.flush()
    config = uvicorn.Config(Peer(), log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1)
    asyncio.run(uvicorn.Server(config).serve(sockets=[sock]))


if __name__ == "__main__":
    main()
