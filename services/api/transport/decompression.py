"""Decompresses request bodies (``Content-Encoding``) within limits of size and ratio, or refuses them.

Invariants: the output never exceeds the route's limit, whatever the bytes say, and only a few bodies are decompressed
at once. The output counts with the bodies in memory until the request is answered.
Source: RFC 9110, 8.4 (gzip, deflate) and 15.5.16 (415 and Accept-Encoding); RFC 8878 (zstd).
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import zstandard
from litestar import Request

from services.api.shared.problems import ProblemError
from services.api.transport.request_bodies import STATE, Body

MOST_AT_ONCE = 8  # 8 of 10 MiB at most
MOST_RATIO = 200  # JSON lines of check-ins compress to a twentieth; a far better ratio is no list of events
_FREE_BYTES = 64 * 1024  # below this the ratio means nothing
_WINDOW_BYTES = 8 * 1024 * 1024  # the usual maximum of zstd
_PART_BYTES = 64 * 1024


class Decompressor:
    """Decompresses bodies. Used on the event loop."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(MOST_AT_ONCE)

    @asynccontextmanager
    async def decompressed(self, request: Request[Any, Any, Any], most_bytes: int) -> AsyncIterator[bytes]:
        """The decompressed body; it counts in the limits of ``request_bodies`` until the request is answered.
        ProblemError 400, 413, 415 (another encoding), 429 or 503."""
        body = await request.body()
        encoding = request.headers.get("content-encoding", "").strip().lower()
        if encoding in ("", "identity"):
            yield body
            return
        unpack = _KNOWN.get(encoding)
        if unpack is None:
            detail = f"Send the body plain, or with one of these encodings: {', '.join(sorted(_KNOWN))}."
            raise ProblemError(415, "content-encoding", detail, headers={"accept-encoding": "gzip, deflate, zstd"})
        async with self._turn:
            whole = await asyncio.to_thread(unpack, body, most_bytes)
            counted: Body = request.scope["state"][STATE]
            counted.count_decompressed(len(whole))
            yield whole


class _BoundedBuffer:
    """The output, limited in size and ratio."""

    def __init__(self, packed: int, most_bytes: int) -> None:
        self._most, self._ratio = most_bytes, max(_FREE_BYTES, packed * MOST_RATIO)
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, part: bytes) -> None:
        self._parts.append(part)
        self._size += len(part)
        if self._size > self._most:
            raise ProblemError(
                413, "too-large", f"Decompressed, the body has more than {self._most:,} bytes. Send less."
            )
        if self._size > self._ratio:
            raise ProblemError(
                413, "ratio", f"The body decompresses to more than {MOST_RATIO} times its size. Send it plain."
            )

    @property
    def whole(self) -> bytes:
        return b"".join(self._parts)


def _inflate(body: bytes, most_bytes: int, window_bits: int) -> bytes:
    found, rest = _BoundedBuffer(len(body), most_bytes), body
    while rest:
        packer = zlib.decompressobj(window_bits)
        while not packer.eof:
            part = packer.decompress(rest, _PART_BYTES)
            rest = packer.unconsumed_tail
            if not part and not packer.eof:
                raise _undecodable()
            found.add(part)
        rest = packer.unused_data  # gzip may have several members
    return found.whole


def _decompress_gzip(body: bytes, most_bytes: int) -> bytes:
    try:
        return _inflate(body, most_bytes, 31)
    except zlib.error:
        raise _undecodable() from None


def _decompress_deflate(body: bytes, most_bytes: int) -> bytes:
    try:
        return _inflate(body, most_bytes, 15)
    except zlib.error:
        pass
    try:
        return _inflate(body, most_bytes, -15)  # many clients omit the zlib header
    except zlib.error:
        raise _undecodable() from None


def _decompress_zstd(body: bytes, most_bytes: int) -> bytes:
    found = _BoundedBuffer(len(body), most_bytes)
    try:
        with zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES).stream_reader(
            body, read_size=_PART_BYTES, read_across_frames=True
        ) as reader:
            while part := reader.read(_PART_BYTES):
                found.add(part)
    except zstandard.ZstdError:
        raise _undecodable() from None
    if not found.whole and body:
        raise _undecodable()
    return found.whole


def _undecodable() -> ProblemError:
    return ProblemError(
        400, "packed", "The body cannot be decompressed: it is cut off, or not what Content-Encoding says."
    )


_KNOWN: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _decompress_gzip,
    "x-gzip": _decompress_gzip,
    "deflate": _decompress_deflate,
    "zstd": _decompress_zstd,
}
