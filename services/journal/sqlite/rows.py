"""Keys and checksums of rows.

Owns: how (log number, offset) is one key, and what a row's checksum covers. May never: read or write a file.
"""

from zlib import crc32

OFFSET_BITS = 40  # a million million records a log, eight million logs
_LOW = 0xFFFFFFFF


def key_of(no: int, offset: int) -> int:
    """The key of a record."""
    return no << OFFSET_BITS | offset


def checksum(key: int, recorded_at: int, line: bytes) -> int:
    """Of a record: its line, and where and when it stands, so that a row in the wrong place is found too."""
    return crc32(line, (key ^ (key >> 32) ^ recorded_at) & _LOW)


def output_checksum(no: int, n: int, i: int, line: bytes) -> int:
    """Of an output."""
    return crc32(line, (no ^ (n << 8) ^ i) & _LOW)
