"""Tails a topic outside of the consumer group: what a worker must know about conferences besides its own frames.

Invariants: ``catch_up`` returns only when everything that the topic held at the call has been read.
Why: what the log held before a frame is known before the frame is handled. So a router never misses a conference that
was opened before a post, and a delivery never misses an erasure that precedes an output.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress

import msgspec

from schemas.topics import TYPE_HEADER
from streams.runtime.errors import UnavailableError
from streams.workers.conference_tombstone import KIND
from streams.workers.frames import Raw, header
from streams.workers.ports import Reader, SnapshotStore, StoredSnapshot

SAVE_RECORDS = 100_000  # reading so many again takes a second
MAX_FETCHES = 100_000  # of some thousand records each; more mean that something is broken

Learn = Callable[[Sequence[Raw]], None]


class _Saved(msgspec.Struct):
    positions: dict[int, int]
    known: msgspec.Raw


class LogTailer:
    """Passes to ``learn``: records of the given ``types``, records without a type header, conference tombstones."""

    def __init__(self, reader: Reader, topic: str, types: frozenset[bytes], learn: Learn) -> None:
        self._reader, self._topic, self._types, self._learn = reader, topic, types, learn
        self._positions: dict[int, int] = {}
        self._saved = 0

    async def catch_up(self, only: Collection[int] | None = None) -> None:
        """Reads up to the topic's current end; ``only`` these partitions, or all."""
        ends = await self._reader.ends(self._topic)
        if only is not None:
            ends = {partition: end for partition, end in ends.items() if partition in only}
        for partition in ends:
            self._positions.setdefault(partition, 0)
        for _ in range(MAX_FETCHES):
            behind = {p: at for p, at in self._positions.items() if at < ends.get(p, 0)}
            if not behind:
                return
            for partition, position, records in await self._reader.fetch(self._topic, behind):
                self._learn([raw for raw in records if self._is_relevant(raw)])
                self._positions[partition] = position
        raise UnavailableError(f"{self._topic} could not be read to its end in {MAX_FETCHES:,} fetches.")

    def _is_relevant(self, raw: Raw) -> bool:
        kind = header(raw, TYPE_HEADER)
        if kind == KIND:
            return True
        return isinstance(raw.value, bytes) and (kind is None or kind in self._types)

    # -- snapshots --------------------------------------------------------------------------------------------------

    async def restore(self, snapshots: SnapshotStore, name: str) -> bytes | None:
        """The saved knowledge, to continue from its positions. None: the topic is read from its start."""
        stored = await snapshots.load_named(name)
        if stored is not None:
            with suppress(msgspec.MsgspecError):  # saved by another version: read everything again
                saved = msgspec.json.decode(stored.data, type=_Saved)
                self._positions = saved.positions
                self._saved = sum(saved.positions.values())
                return bytes(saved.known)
        return None

    async def save(
        self, snapshots: SnapshotStore, name: str, known: Callable[[], bytes], min_records: int = SAVE_RECORDS
    ) -> None:
        """Saves ``known()`` if at least ``min_records`` records were read since the last save."""
        read = sum(self._positions.values())
        if read - self._saved >= min_records:
            data = msgspec.json.encode(_Saved(self._positions, msgspec.Raw(known())))
            await snapshots.save(0, StoredSnapshot(name, read, data))
            self._saved = read
