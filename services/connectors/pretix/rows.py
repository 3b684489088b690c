"""Decodes the rows of a page one by one, so that one that cannot be read does not stop the others."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from hashlib import blake2b
from typing import TypeVar

import msgspec

from services.connectors.port import Item, Unreadable

T = TypeVar("T")
_REMEMBERED = 10_000
_ERRORS = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError)


class Rows:
    """Reads rows of a connector. ``seen``: digests of those that could not be read, for polling finds them again."""

    def __init__(self, seen: set[bytes]) -> None:
        self._seen = seen

    def decode(self, rows: Iterable[msgspec.Raw], kind: type[T]) -> list[T]:
        """The rows that can be decoded."""
        found: list[T] = []
        for raw in rows:
            with suppress(*_ERRORS):
                found.append(msgspec.json.decode(raw, type=kind))
        return found

    def read(
        self, what: str, rows: Iterable[msgspec.Raw], kind: type[T], use: Callable[[T], Iterable[Item]]
    ) -> tuple[list[T], list[Item]]:
        """The decoded rows, and the items that ``use`` makes of them, or that they are unreadable."""
        found: list[T] = []
        items: list[Item] = []
        for raw in rows:
            data = bytes(raw)
            try:
                row = msgspec.json.decode(data, type=kind)
                made = list(use(row))
            except _ERRORS as error:
                items += self._note(what, data, error)
                continue
            found.append(row)
            items += made
        return found, items

    def _note(self, what: str, data: bytes, error: Exception) -> list[Item]:
        digest = blake2b(data, digest_size=16).digest()
        if digest in self._seen:
            return []
        if len(self._seen) >= _REMEMBERED:
            self._seen.clear()
        self._seen.add(digest)
        reason = (
            "It has another form than expected." if isinstance(error, msgspec.ValidationError) else "It is no JSON."
        )
        return [Unreadable(what, data, reason)]
