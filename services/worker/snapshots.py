"""Snapshots in two compacted topics: an index, and the bytes in chunks.

Responsibility: the format and the keys.
Invariants: a late writer never damages a newer snapshot: each worker writes under its own name.
Why: the chunks are written first, in the slot that the index does not name; then the index, which makes them visible.
Both are in the partition of the log whose state they hold, so a worker that gets the partition reads one small
partition of the index.

    snapshots.v1         NAME/OWNER -> offset, digest, where the chunks are;  ~mark -> checkpoint;  ~row/NAME -> a row
    snapshot-chunks.v1   NAME/OWNER/SLOT/NUMBER -> at most 900 KB of zstd
"""

import asyncio
import hashlib
from collections.abc import Sequence

import msgspec
import zstandard

from schemas.topics import SNAPSHOT_CHUNKS, SNAPSHOTS
from streams.workers.ports import Checkpoint, Message, Producer, Reader, StoredSnapshot

CHUNK_BYTES = 850_000
SNAPSHOT_BYTES = 2 << 30  # uncompressed; a conference of 2.5 million events has 0.4 GB
_MARK, _ROW = b"~mark", b"~row/"
_encode = msgspec.json.encode


class _Index(msgspec.Struct):
    """Where a snapshot is: its chunks are within [first, end) of the chunks' partition."""

    name: str
    owner: str
    offset: int
    sha256: str
    slot: int
    chunks: int
    first: int
    end: int


class _Mark(msgspec.Struct):
    log: int
    matches: int
    letters: int
    erased: tuple[str, ...] = ()


_index = msgspec.json.Decoder(_Index)
_mark = msgspec.json.Decoder(_Mark)


class TopicSnapshots:
    """The ports SnapshotStore and Rows. ``owner``: the name of this worker, of plain letters, digits and ``_.-``."""

    def __init__(self, producer: Producer, reader: Reader, owner: str, prefix: str = "") -> None:
        self._producer, self._reader, self._owner = producer, reader, owner
        self._topic, self._chunks = prefix + SNAPSHOTS, prefix + SNAPSHOT_CHUNKS
        self._known: dict[tuple[int, str], dict[str, _Index]] = {}  # by partition and name, then by owner

    # -- snapshots --------------------------------------------------------------------------------------------------

    async def load(self, partition: int) -> tuple[Checkpoint | None, Sequence[StoredSnapshot]]:
        """As in the port. A snapshot with missing or damaged chunks gets empty bytes, which restoring refuses."""
        newest = await self._newest(partition)
        best = self._best(partition, {key: value for key, value in newest.items() if not key.startswith(b"~")})
        saved = _mark.decode(newest[_MARK]) if _MARK in newest else None
        kept = [StoredSnapshot(index.name, index.offset, await self._bytes(partition, index)) for index in best]
        return None if saved is None else Checkpoint(saved.log, saved.matches, saved.letters, saved.erased), kept

    async def load_named(self, name: str) -> StoredSnapshot | None:
        """As in the port."""
        start = f"{name}/".encode()
        newest = await self._newest(0)
        best = self._best(0, {key: value for key, value in newest.items() if key.startswith(start)})
        return StoredSnapshot(name, best[0].offset, await self._bytes(0, best[0])) if best else None

    def _best(self, partition: int, newest: dict[bytes, bytes]) -> list[_Index]:
        """The most advanced snapshot of each name."""
        found: dict[str, dict[str, _Index]] = {}
        for value in newest.values():
            index = _index.decode(value)
            found.setdefault(index.name, {})[index.owner] = index
        for name, owners in found.items():
            self._known[partition, name] = owners
        return [max(owners.values(), key=lambda index: index.offset) for owners in found.values()]

    async def _newest(self, partition: int) -> dict[bytes, bytes]:
        """The newest value of each key, in the order of writing."""
        newest: dict[bytes, bytes] = {}
        end = (await self._reader.ends(self._topic))[partition]
        async for raws in self._reader.read(self._topic, partition, 0, end):
            for raw in raws:
                assert raw.key is not None, "only Hallway writes here, always with a key"
                newest.pop(raw.key, None)  # so that the newest come last
                if raw.value is not None:
                    newest[raw.key] = raw.value
        return newest

    async def _bytes(self, partition: int, index: _Index) -> bytes:
        found: dict[bytes, bytes] = {}
        async for raws in self._reader.read(self._chunks, partition, index.first, index.end):
            found.update({raw.key: raw.value for raw in raws if raw.key is not None})
        packed = b"".join([found.get(key) or b"" for key in _chunk_keys(index)])
        if hashlib.sha256(packed).hexdigest() != index.sha256:
            return b""
        return await asyncio.to_thread(_decompress, packed)

    async def save(self, partition: int, snapshot: StoredSnapshot) -> None:
        """As in the port."""
        packed = await asyncio.to_thread(_compress, snapshot.data)
        owners = self._known.setdefault((partition, snapshot.name), {})
        before = owners.get(self._owner)
        chunks = [packed[at : at + CHUNK_BYTES] for at in range(0, len(packed), CHUNK_BYTES)]
        digest = hashlib.sha256(packed).hexdigest()
        slot = 1 - before.slot if before is not None else 0
        index = _Index(snapshot.name, self._owner, snapshot.offset, digest, slot, len(chunks), 0, 0)
        index.first, index.end = await self._write(partition, index, chunks)
        await self._producer.produce(self._topic, [Message(_index_key(index), _encode(index), (), partition)])
        owners[self._owner] = index
        await self._forget_older(partition, owners, snapshot.offset)

    async def _write(self, partition: int, index: _Index, chunks: Sequence[bytes]) -> tuple[int, int]:
        first = end = 0
        for number, (key, chunk) in enumerate(zip(_chunk_keys(index), chunks, strict=True)):
            end = await self._producer.produce(self._chunks, [Message(key, chunk, (), partition)])
            first = end - 1 if number == 0 else first
        return first, end

    async def _forget_older(self, partition: int, owners: dict[str, _Index], offset: int) -> None:
        """Deletes older snapshots that other workers wrote."""
        older = [index for index in owners.values() if index.owner != self._owner and index.offset <= offset]
        for index in older:
            await self._producer.produce(self._topic, [Message(_index_key(index), None, (), partition)])
            gone = [Message(key, None, (), partition) for key in _chunk_keys(index)]
            await self._producer.produce(self._chunks, gone)
            del owners[index.owner]

    async def save_checkpoint(self, partition: int, checkpoint: Checkpoint) -> None:
        """As in the port."""
        value = _encode(_Mark(checkpoint.log, checkpoint.matches, checkpoint.dead_letters, checkpoint.erased))
        await self._producer.produce(self._topic, [Message(_MARK, value, (), partition)])

    async def delete(self, partition: int, name: str) -> None:
        """As in the port. It reads the chunks' partition too, because chunks without an index must also be deleted."""
        self._known.pop((partition, name), None)
        start = f"{name}/".encode()
        for topic in (self._topic, self._chunks):
            there: set[bytes] = set()
            end = (await self._reader.ends(topic))[partition]
            async for raws in self._reader.read(topic, partition, 0, end):
                for raw in raws:
                    if raw.key is not None and raw.key.startswith(start):
                        (there.discard if raw.value is None else there.add)(raw.key)
            await self._producer.produce(topic, [Message(key, None, (), partition) for key in sorted(there)])


class TopicRows:
    """The port Rows, in the same topic."""

    def __init__(self, snapshots: TopicSnapshots, producer: Producer) -> None:
        self._snapshots, self._producer = snapshots, producer

    async def save(self, partition: int, rows: Sequence[tuple[str, bytes]]) -> None:
        """As in the port."""
        messages = [Message(_ROW + name.encode(), value, (), partition) for name, value in rows]
        await self._producer.produce(self._snapshots._topic, messages)

    async def load(self, partition: int, limit: int) -> Sequence[bytes]:
        """As in the port."""
        newest = await self._snapshots._newest(partition)
        rows = [(key, value) for key, value in newest.items() if key.startswith(_ROW)]
        gone = [Message(key, None, (), partition) for key, _ in rows[:-limit]]
        if gone:
            await self._producer.produce(self._snapshots._topic, gone)
        return [value for _, value in rows[-limit:]]


def _index_key(index: _Index) -> bytes:
    return f"{index.name}/{index.owner}".encode()


def _chunk_keys(index: _Index) -> list[bytes]:
    return [f"{index.name}/{index.owner}/{index.slot}/{number}".encode() for number in range(index.chunks)]


def _compress(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=3).compress(data)


def _decompress(packed: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompress(packed, max_output_size=SNAPSHOT_BYTES)
