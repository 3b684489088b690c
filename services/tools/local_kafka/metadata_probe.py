"""Probes a broker: one metadata request (version 2, in Kafka since 0.10) over a plain socket.

Why: a broker opens its port before it joins its cluster; only when the answer names a broker is it ready. A command
that asks once should not import a client library.
"""

import socket
import struct
from typing import NamedTuple

ANSWER_S = 2.0
_METADATA, _VERSION, _NO_TOPICS = 3, 2, 0
_CLIENT = b"hallway"
_MOST_BYTES = 1 << 20


class Cluster(NamedTuple):
    """A cluster's id and number of brokers."""

    cluster_id: str
    brokers: int


def query_cluster(host: str, port: int, limit_s: float = ANSWER_S) -> Cluster | None:
    """The cluster behind an address; None if no Kafka answers within ``limit_s``."""
    body = struct.pack(">hhih", _METADATA, _VERSION, 1, len(_CLIENT)) + _CLIENT + struct.pack(">i", _NO_TOPICS)
    try:
        with socket.create_connection((host, port), limit_s) as line, line.makefile("rb") as answer:
            line.settimeout(limit_s)
            line.sendall(struct.pack(">i", len(body)) + body)
            (length,) = struct.unpack(">i", answer.read(4))
            return _read(answer.read(min(length, _MOST_BYTES)))
    except (OSError, struct.error, UnicodeDecodeError, ValueError):  # nothing there, or not a Kafka
        return None


def _read(body: bytes) -> Cluster:
    (brokers,), at = struct.unpack_from(">i", body, 4), 8
    for _ in range(brokers):
        _, at = _text(body, at + 4)  # the host, behind the node's number
        _, at = _text(body, at + 4)  # the rack, behind the port
    cluster, _ = _text(body, at)
    return Cluster(cluster, brokers)


def _text(body: bytes, at: int) -> tuple[str, int]:
    (length,) = struct.unpack_from(">h", body, at)
    end = at + 2 + max(length, 0)
    return body[at + 2 : end].decode(), end
