"""What the workers need of the outside world; ``services`` has it.

Owns: the verbs and their errors. May never: name a broker, a store or a library.
Each call has a time limit of its own and raises AwayError when it is over: then the worker ends without committing,
or tries again, as its own file says.
"""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from schemas.outputs import AnyOutput
from schemas.topics import TYPE_HEADER
from streams.workers.frames import Raw


class AwayError(Exception):
    """The broker or the store did not do what was asked, or did not say so in time."""


class StoreAwayError(AwayError):
    """The store of the inboxes is away or refuses. What was under way may be done again, from its beginning."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message to write. ``partition`` None: by the key, as every writer of the topic does."""

    key: bytes
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    partition: int | None = None


def typed(key: str, value: bytes, kind: str, *headers: tuple[str, bytes], partition: int | None = None) -> Message:
    """A message with its type beside it, as the header ``type``."""
    return Message(key.encode(), value, ((TYPE_HEADER, kind.encode()), *headers), partition)


class Producer(Protocol):
    """Writes in order, idempotently, to all in-sync replicas."""

    async def produce(self, topic: str, messages: Sequence[Message]) -> int:
        """Done when all are there; the offset behind the last one. AwayError: some of them may be there."""


class Reader(Protocol):
    """Reads topics outside of any group."""

    def read(self, topic: str, partition: int, begin: int, end: int) -> AsyncIterator[Sequence[Raw]]:
        """The records of [begin, end) that are there, in parts."""

    async def ends(self, topic: str) -> Mapping[int, int]:
        """The offset behind the last record of each partition."""

    async def fetch(self, topic: str, positions: Mapping[int, int]) -> Sequence[tuple[int, int, Sequence[Raw]]]:
        """What stands at these positions: partition, the next position, records. Returns at once."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A snapshot of ``name``: it holds what stands before ``offset`` (of a partition of the log, or of all in sum)."""

    name: str
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a partition of the log is safe in snapshots, and where outputs and dead letters of the rest begin.

    ``erased``: the conferences of it that are no more, sorted.
    """

    log: int = 0
    matches: int = 0
    letters: int = 0
    erased: tuple[str, ...] = ()


class Snapshots(Protocol):
    """Snapshots where every worker reaches them. Each writer has its own names, so that a late one spoils nothing."""

    async def load(self, partition: int) -> tuple[Mark | None, Sequence[Kept]]:
        """The mark of a partition, and of each conference the snapshot with the highest offset."""

    async def known(self, name: str) -> Kept | None:
        """What a worker kept under a name that no conference has; in the partition 0."""

    async def save(self, partition: int, kept: Kept) -> None:
        """Done when it would be found again."""

    async def mark(self, partition: int, mark: Mark) -> None:
        """Done when it would be found again."""

    async def forget(self, partition: int, name: str) -> None:
        """Takes out all snapshots of a conference, whoever wrote them."""


class LostInboxesError(Exception):
    """The store has less than was delivered, or nothing: its inboxes must be made again."""


class Inboxes(Protocol):
    """The inboxes of people, by conference."""

    async def deliver(self, conference: str, outputs: Sequence[AnyOutput], erased: Collection[str] = ()) -> None:
        """Ascending by position; what was delivered before changes nothing. LostInboxesError, AwayError.

        ``erased``: attendees whom the log has erased; nothing is delivered to them, and no content about them.
        """

    async def has(self, conference: str) -> bool:
        """Whether they are there; if not they must be rebuilt. AwayError."""

    async def rebuild(self, conference: str, outputs: AsyncIterator[AnyOutput], erased: Iterable[str]) -> None:
        """Makes them anew from all outputs. AwayError."""

    async def erase(self, conference: str, attendee: str) -> None:
        """Removes all of and about an attendee. AwayError."""

    async def forget(self, conference: str) -> None:
        """Removes everything of a conference. AwayError."""


class Rows(Protocol):
    """Few bytes under a name, of a partition: the newest of each name is kept."""

    async def save(self, partition: int, rows: Sequence[tuple[str, bytes]]) -> None:
        """Done when they would be found again. AwayError."""

    async def load(self, partition: int, most: int) -> Sequence[bytes]:
        """The newest ``most`` of them, the oldest first; older ones are let go of. AwayError."""
