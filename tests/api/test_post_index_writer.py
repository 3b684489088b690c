"""The post index writer: requests share a commit, each learns of its failure, and none returns before the commit."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from services.admission import post_index_writer
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

    def index(self, posts: Sequence[NamedPost]) -> None:
        self.begun.set()
        assert self.go.wait(LIMIT_S)
        if self.error is not None:
            raise self.error
        self.commits.append([post.id for post in posts])


def test_what_comes_during_a_commit_shares_the_next_one() -> None:
    async def run() -> None:
        disk = Disk()
        writer = PostIndexWriter(disk.index)
        first = asyncio.create_task(writer.write([post(1)]))
        await asyncio.to_thread(disk.begun.wait, LIMIT_S)
        rest = [asyncio.create_task(writer.write([post(number)])) for number in (2, 3, 4)]
        await asyncio.sleep(0)
        assert not first.done()
        disk.go.set()
        await asyncio.gather(first, *rest)
        assert disk.commits == [["x:1"], ["x:2", "x:3", "x:4"]]
        await writer.write([])
        await writer.write([post(5)])
        assert disk.commits[2:] == [["x:5"]]

    asyncio.run(run())


def test_each_request_learns_of_the_failure_and_the_next_commit_succeeds() -> None:
    async def run() -> None:
        disk = Disk()
        writer = PostIndexWriter(disk.index)
        disk.error = DirectoryFullError("There is no room.")
        disk.go.set()
        errors = await asyncio.gather(*[writer.write([post(number)]) for number in (1, 2)], return_exceptions=True)
        assert [type(error) for error in errors] == [DirectoryFullError] * 2
        disk.error = None
        await writer.write([post(1)])
        assert disk.commits == [["x:1"]]

    asyncio.run(run())


def test_too_many_waiting_posts_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(post_index_writer, "MOST_WAITING", 2)

    async def run() -> None:
        disk = Disk()
        writer = PostIndexWriter(disk.index)
        first = asyncio.create_task(writer.write([post(1)]))
        await asyncio.to_thread(disk.begun.wait, LIMIT_S)
        second = asyncio.create_task(writer.write([post(2), post(3)]))
        await asyncio.sleep(0)
        with pytest.raises(BusyError):
            await writer.write([post(4)])
        disk.go.set()
        await asyncio.gather(first, second)
        assert disk.commits == [["x:1"], ["x:2", "x:3"]]

    asyncio.run(run())
