"""Corrupts a batch of a topic in the broker's files, as a bad disk or a client with another codec would.

Invariants: a running broker is never touched.
"""

import struct
from pathlib import Path

from aiokafka.record.util import calc_crc32c as crc32c

_HEAD = struct.Struct(">qiibIh")  # base offset, length, leader epoch, magic, CRC, attributes
_LENGTH_AFTER = 12  # bytes before the length counts
_CRC_AT, _ATTRIBUTES_AT = 17, 21
UNKNOWN_CODEC = 7


def spoil(folder: Path, topic: str, partition: int, offset: int, *, codec: bool) -> None:
    """Gives the batch that holds the offset a codec that nobody knows, or else a checksum that is wrong."""
    (segment,) = (folder / "data" / f"{topic}-{partition}").glob("*.log")
    data = bytearray(segment.read_bytes())
    at = 0
    while at < len(data):
        base, length, *_ = _HEAD.unpack_from(data, at)
        count = struct.unpack_from(">i", data, at + 23)[0] + 1  # the last offset's distance from the base
        if base <= offset < base + count:
            break
        at += _LENGTH_AFTER + length
    else:
        raise AssertionError("no such batch")
    end = at + _LENGTH_AFTER + length
    if codec:
        attributes = struct.unpack_from(">h", data, at + _ATTRIBUTES_AT)[0]
        struct.pack_into(">h", data, at + _ATTRIBUTES_AT, (attributes & ~0x07) | UNKNOWN_CODEC)
        struct.pack_into(">I", data, at + _CRC_AT, crc32c(bytes(data[at + _ATTRIBUTES_AT : end])))
    else:
        data[end - 1] ^= 0xFF
    segment.write_bytes(data)
