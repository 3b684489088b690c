"""A real conference day as its badges saw it: who came when, who stood with whom, and where that seems to have been.

Responsibility: the derived file's format. It holds only numbers of people. Source and licence are beside the file, in
``services/tools/demo/sfhh/README.md``.
"""

import gzip
from pathlib import Path

import msgspec
from msgspec import Struct

FILE = Path(__file__).parent / "sfhh" / "day.json.gz"
GONE = -1  # as a place: left for the day


class BadgeDay(Struct, frozen=True):
    """``people``: how many, numbered from 0 in the order in which they came.

    ``moves``: (second of the day, person, index of the place or ``GONE``), in order. ``contacts``: (a, b, how many
    spans of 20 seconds they stood face to face), a < b.
    """

    people: int
    places: tuple[str, ...]
    moves: tuple[tuple[int, int, int], ...]
    contacts: tuple[tuple[int, int, int], ...]


def load(path: Path = FILE) -> BadgeDay:
    """The derived day."""
    return msgspec.json.decode(gzip.decompress(path.read_bytes()), type=BadgeDay)


def packed(day: BadgeDay) -> bytes:
    """The file's bytes: the same for the same day, whenever it is made."""
    return gzip.compress(msgspec.json.encode(day), mtime=0)
