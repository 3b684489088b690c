"""Following a topic outside of the group: what a worker must know of conferences besides its frames.

Owns: how far it has read each partition. May never: go on with less than stood in the topic when it was asked.
Theory: what was in the log before a frame came is known before the frame is handled, so a router never misses a
conference that was opened before a post, and a delivery no erasure that stands before an output.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress

import msgspec

from schemas.topics import TYPE_HEADER
from streams.workers.conference_end import KIND
from streams.workers.frames import Raw, header
from streams.workers.ports import Reader, SnapshotStore, StoredSnapshot, UnavailableError

SAVE_RECORDS = 100_000  # read again in a second
FETCHES_MOST = 100_000  # of some thousand records each; then something is wrong

Learn = Callable[[Sequence[Raw]], None]


class _Saved(msgspec.Struct):
    positions: dict[int, int]
    known: msgspec.Raw


class Following:
    """``learn`` gets the records whose type is one of ``types``, or that do not tell their type; and those that erase
    a conference."""

    def __init__(self, reader: Reader, topic: str, types: frozenset[bytes], learn: Learn) -> None:
        self._reader, self._topic, self._types, self._learn = reader, topic, types, learn
        self._positions: dict[int, int] = {}
        self._saved = 0

    async def catch_up(self, only: Collection[int] | None = None) -> None:
        """Reads up to where the topic ends now; ``only`` these partitions, or all."""
        ends = await self._reader.ends(self._topic)
        if only is not None:
            ends = {partition: end for partition, end in ends.items() if partition in only}
        for partition in ends:
            self._positions.setdefault(partition, 0)
        for _ in range(FETCHES_MOST):
            behind = {p: at for p, at in self._positions.items() if at < ends.get(p, 0)}
            if not behind:
                return
            for partition, position, records in await self._reader.fetch(self._topic, behind):
                self._learn([raw for raw in records if self._tells(raw)])
                self._positions[partition] = position
        raise UnavailableError(f"{self._topic} was not read to its end.")

    def _tells(self, raw: Raw) -> bool:
        kind = header(raw, TYPE_HEADER)
        if kind == KIND:
            return True
        return isinstance(raw.value, bytes) and (kind is None or kind in self._types)

    # -- kept -------------------------------------------------------------------------------------------------------

    async def restore(self, snapshots: SnapshotStore, name: str) -> bytes | None:
        """What was known when it was saved, to go on from there; None: all is read from the start."""
        kept = await snapshots.load_named(name)
        if kept is not None:
            with suppress(msgspec.MsgspecError):  # of another version: all of it can be read again
                saved = msgspec.json.decode(kept.data, type=_Saved)
                self._positions = saved.positions
                self._saved = sum(saved.positions.values())
                return bytes(saved.known)
        return None

    async def save(
        self, snapshots: SnapshotStore, name: str, known: Callable[[], bytes], most: int = SAVE_RECORDS
    ) -> None:
        """Keeps what is known as of now, if it is more than ``most`` records newer than what is kept."""
        read = sum(self._positions.values())
        if read - self._saved >= most:
            data = msgspec.json.encode(_Saved(self._positions, msgspec.Raw(known())))
            await snapshots.save(0, StoredSnapshot(name, read, data))
            self._saved = read
