"""Repositories of invented people, as files, and what can be wrong with them."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import libipld

POSTS = "app.bsky.feed.post"
LIKES = "app.bsky.feed.like"


def cid_of(block: bytes) -> bytes:
    return b"\x01\x71\x12\x20" + sha256(block).digest()


def varint(number: int) -> bytes:
    found = bytearray()
    while number >= 0x80:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


def section(data: bytes, cid: bytes = b"") -> bytes:
    return varint(len(cid) + len(data)) + cid + data


class Repository:
    """A repository whose tree has a few entries a node."""

    def __init__(self, did: str, records: Mapping[str, Any], fan_out: int = 4) -> None:
        self.blocks: dict[bytes, bytes] = {}
        keys = sorted(records)
        entries = [(key.encode(), self.add(records[key])) for key in keys]
        self.root = self.add(
            {"did": did, "version": 3, "rev": "3k", "prev": None, "data": self._node(entries, fan_out), "sig": b"s"}
        )

    def add(self, value: Any) -> bytes:
        block = libipld.encode_dag_cbor(value)
        cid = cid_of(block)
        self.blocks[cid] = block
        return cid

    def _node(self, entries: list[tuple[bytes, bytes]], fan_out: int) -> bytes:
        if len(entries) <= fan_out:
            return self.add({"l": None, "e": self._entries([(*each, None) for each in entries])})
        step = -(-len(entries) // fan_out)
        parts = [entries[at : at + step] for at in range(0, len(entries), step)]
        first, rest = parts[0], parts[1:]
        heads = [(*part[0], self._node(part[1:], fan_out) if part[1:] else None) for part in rest]
        return self.add({"l": self._node(first, fan_out), "e": self._entries(heads)})

    @staticmethod
    def _entries(heads: list[tuple[bytes, bytes, bytes | None]]) -> list[dict[str, Any]]:
        found, before = [], b""
        for key, value, tree in heads:
            shared = next((n for n in range(min(len(key), len(before))) if key[n] != before[n]), 0) if before else 0
            found.append({"p": shared, "k": key[shared:], "v": value, "t": tree})
            before = key
        return found

    def file(self, *, without: bytes = b"", root: bytes | None = None) -> bytes:
        header = libipld.encode_dag_cbor({"version": 1, "roots": [root or self.root]})
        rest = b"".join(section(block, cid) for cid, block in self.blocks.items() if cid != without)
        return section(header) + rest
