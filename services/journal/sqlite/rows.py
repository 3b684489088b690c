"""Keys and checksums of rows: how (log number, offset) is one key, and what a checksum covers."""

from zlib import crc32

OFFSET_BITS = 40  # 10^12 records per log, 8 million logs
_LOW = 0xFFFFFFFF


def key_of(no: int, offset: int) -> int:
    """The key of a record."""
    return no << OFFSET_BITS | offset


def checksum(key: int, recorded_at: int, line: bytes) -> int:
    """A record's checksum: over its line, key and time, so that a row in the wrong place is detected too."""
    return crc32(line, (key ^ (key >> 32) ^ recorded_at) & _LOW)


def output_checksum(no: int, n: int, i: int, line: bytes) -> int:
    """An output's checksum."""
    return crc32(line, (no ^ (n << 8) ^ i) & _LOW)
