"""Keeping the way back from posts: shared by those who come meanwhile, told to each, and not said before it is so."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from services.admission import post_index_writer as keeping
from services.admission.post_index_writer import PostIndexWriter
from services.directory.port import Account, DirectoryFullError, NamedPost
from services.runtime import BusyError

LIMIT_S = 30.0
ADA = Account(1, "p:1", b"k" * 16, 0)


def post(number: int) -> NamedPost:
    return NamedPost(f"p:{number:024x}", f"x:{number}", 0, ADA)


class Disk:
    """Stands for the directory: a commit waits until it is let go."""

    def __init__(self) -> None:
        self.commits: list[list[str]] = []
        self.begun, self.go = threading.Event(), threading.Event()
        self.error: Exception | None = None

    def keep(self, posts: Sequence[NamedPost]) -> None:
        self.begun.set()
        assert self.go.wait(LIMIT_S)
        if self.error is not None:
            raise self.error
        self.commits.append([post.id for post in posts])


def test_what_comes_during_a_commit_shares_the_next_one() -> None:
    async def run() -> None:
        disk = Disk()
        keeping = PostIndexWriter(disk.keep)
        first = asyncio.create_task(keeping.write([post(1)]))
        await asyncio.to_thread(disk.begun.wait, LIMIT_S)
        rest = [asyncio.create_task(keeping.write([post(number)])) for number in (2, 3, 4)]
        await asyncio.sleep(0)
        assert not first.done()
        disk.go.set()
        await asyncio.gather(first, *rest)
        assert disk.commits == [["x:1"], ["x:2", "x:3", "x:4"]]
        await keeping.write([])
        await keeping.write([post(5)])
        assert disk.commits[2:] == [["x:5"]]

    asyncio.run(run())


def test_each_is_told_what_failed_and_the_next_is_tried_anew() -> None:
    async def run() -> None:
        disk = Disk()
        keeping = PostIndexWriter(disk.keep)
        disk.error = DirectoryFullError("There is no room.")
        disk.go.set()
        told = await asyncio.gather(*[keeping.write([post(number)]) for number in (1, 2)], return_exceptions=True)
        assert [type(error) for error in told] == [DirectoryFullError] * 2
        disk.error = None
        await keeping.write([post(1)])
        assert disk.commits == [["x:1"]]

    asyncio.run(run())


def test_too_many_are_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MOST_WAITING", 2)

    async def run() -> None:
        disk = Disk()
        kept = PostIndexWriter(disk.keep)
        first = asyncio.create_task(kept.write([post(1)]))
        await asyncio.to_thread(disk.begun.wait, LIMIT_S)
        second = asyncio.create_task(kept.write([post(2), post(3)]))
        await asyncio.sleep(0)
        with pytest.raises(BusyError):
            await kept.write([post(4)])
        disk.go.set()
        await asyncio.gather(first, second)
        assert disk.commits == [["x:1"], ["x:2", "x:3"]]

    asyncio.run(run())
