"""What a conference needs: memory of a matcher, bytes of its snapshot, of its inboxes in Redis, of the directory.

Owns: which conferences are measured. May never: guess; ``docs/sizing.md`` multiplies what is found here.
Each fold is in a process of its own; the store is a real one, asked for what it uses before and after.
"""

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time

import redis
import zstandard

from schemas.codec import Codec, Record
from schemas.outputs import AnyOutput
from services.directory.port import PostRef
from services.directory.sqlite import SqliteDirectory
from services.inbox.redis.embedded_valkey import EmbeddedValkey
from services.inbox.redis.inboxes import RedisInboxes
from streams.matching.snapshot import snapshot
from streams.replay import Replay
from tests.bench.child import rss
from tests.bench.himss import child
from tests.bench.logs import log
from tests.bench.rows import Row

CONFERENCES = {"small": (200, 4_000), "mid": (2_000, 40_000), "large": (45_000, 1_000_000)}  # people, posts
MEGA, KILO = 1e6, 1e3
FEW, MANY = 10, 40
_KEPT: list[Replay] = []
_ACCOUNTS, _POSTS = 20_000, 100_000
_AT_ONCE = 500  # as a connector sends them


def memory() -> list[Row]:
    """A matcher's memory for one conference, over that of a process with none; and its snapshot, unpacked."""
    rows = []
    for name, (attendees, posts) in CONFERENCES.items():
        found = child(log(attendees=attendees, posts=posts), "snapshot")
        size = f"{found['attendees']:,} people, {found['events']:,} events"
        rows.append(Row(f"{name}: memory of its matcher", found["grown"] / MEGA, "MB", beside=size))
        rows.append(Row(f"{name}: its snapshot, unpacked", found["bytes"] / MEGA, "MB"))
        rows.append(Row(f"{name}: fold", found["events"] / found["seconds"], "events/s cpu"))
    return rows


def crowd() -> list[Row]:
    """What one more small conference costs a matcher that has many."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        few, many = [processes.submit(_grown, count).result() for count in (FEW, MANY)]
    return [Row("small: one more of many", (many - few) / (MANY - FEW) / MEGA, "MB")]


def _grown(count: int) -> int:
    """The bytes of this process with so many small conferences; called with more after fewer."""
    attendees, posts = CONFERENCES["small"]
    codec, path = Codec(), log(attendees=attendees, posts=posts)
    for _ in range(len(_KEPT), count):
        replay = Replay()
        with path.open("rb") as file:
            for line in file:
                record = codec.decode(line)
                assert isinstance(record, Record)
                replay.feed(record)
        _KEPT.append(replay)
    return rss()


def inboxes() -> list[Row]:
    """What all inboxes of a conference use in Redis, and a snapshot as it goes into its topic."""
    rows, sizes = list[Row](), list[tuple[int, int]]()
    for name in ("small", "mid"):
        outputs, packed = _told(*CONFERENCES[name])
        people = {who for output in outputs for who in output.to}
        used = asyncio.run(_used(outputs))
        entries = sum(len(output.to) for output in outputs)
        rows.append(Row(f"{name}: snapshot in its topic", packed / MEGA, "MB"))
        rows.append(Row(f"{name}: inboxes in Redis", used / MEGA, "MB", beside=f"{entries:,} entries"))
        rows.append(Row(f"{name}: Redis for who has cards", used / len(people) / KILO, "kB", beside=f"{len(people):,}"))
        sizes.append((used, entries))
    (less, few), (more, many) = sizes
    return [*rows, Row("one more entry in Redis", (more - less) / (many - few), "bytes")]


def _told(attendees: int, posts: int) -> tuple[list[AnyOutput], int]:
    """The outputs of a conference, and the bytes of its packed snapshot."""
    decode, replay, outputs = Codec().decode, Replay(), list[AnyOutput]()
    with log(attendees=attendees, posts=posts).open("rb") as file:
        for line in file:
            record = decode(line)
            assert isinstance(record, Record)
            outputs += replay.feed(record)
    (matcher,) = replay.matchers.values()
    return outputs, len(zstandard.ZstdCompressor(level=3).compress(snapshot(matcher)))


async def _used(outputs: Sequence[AnyOutput]) -> int:
    """Bytes that the store uses more with them than without."""
    with TemporaryDirectory() as folder:
        async with EmbeddedValkey(Path(folder)) as server, RedisInboxes(server.url, "bench") as inboxes:
            with redis.Redis.from_url(server.url) as asking:
                before = int(asking.info("memory")["used_memory"])
                await inboxes.prepare(outputs[0].conference)
                await inboxes.deliver(outputs[0].conference, outputs)
                return int(asking.info("memory")["used_memory"]) - before


def directory() -> list[Row]:
    """What the directory's files grow by an account and by a post, and how many posts it replaces in a second."""
    with TemporaryDirectory() as folder:
        kept = SqliteDirectory(Path(folder) / "directory", lambda: time.time_ns() // 1_000_000)
        empty = _bytes(Path(folder))
        accounts = [f"bsky:somebody-{number}.example.social" for number in range(_ACCOUNTS)]
        for at in range(0, _ACCOUNTS, _AT_ONCE):
            kept.rows_for(accounts[at : at + _AT_ONCE])
        kept.purge_expired()
        with_accounts, speeds = _bytes(Path(folder)), list[float]()
        now = time.time_ns() // 1_000_000
        for at in range(0, _POSTS, _AT_ONCE):
            refs = [PostRef(f"bsky:{n:013d}", accounts[n % _ACCOUNTS], now) for n in range(at, at + _AT_ONCE)]
            began = process_time()
            kept.index_posts(kept.tokenize_posts(refs, kept.rows_for([ref.actor for ref in refs])))
            speeds.append(_AT_ONCE / (process_time() - began))
        kept.purge_expired()
        with_posts = _bytes(Path(folder))
        kept.close()
    return [
        Row("directory: an account", (with_accounts - empty) / _ACCOUNTS, "bytes"),
        Row("directory: a post", (with_posts - with_accounts) / _POSTS, "bytes"),
        Row("directory: posts replaced", median(speeds), "posts/s cpu"),
    ]


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def run() -> list[Row]:
    """All of it."""
    return directory() + inboxes() + crowd() + memory()
