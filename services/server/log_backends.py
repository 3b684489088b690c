"""What a server's log stands on: a file in its data folder, or topics of a Kafka that workers match on.

Owns: what is made for either, and that one folder is never used for both. May never: start what it makes.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import structlog

from services.admission.conferences import Conferences
from services.directory.port import Directory
from services.erasure.conferences import Forgetting
from services.inbox.port import Inboxes
from services.journal import Journal
from services.journal.data_folder import DataFolder
from services.journal.sqlite import SqliteJournal, SqliteReadReplica
from services.journal.sqlite.journal import FILE
from services.kafka.access import Access
from services.kafka.clients import KafkaRefusedError
from services.kafka.cluster import cluster_id
from services.kafka.gateway import OnKafka
from services.kafka.gateway.inbox_readiness import Prepared
from services.kafka.gateway.topics import topics
from services.kafka.topics import check
from services.runtime import Embedded
from services.runtime import Limits as RunnerLimits
from services.runtime.inbox_delivery import Delivering
from services.runtime.ports import Readiness, Runner
from services.usage_errors import UnusableError
from streams.workers.ports import UnavailableError

EPOCH_FILE, CLUSTER_FILE = "epoch", "cluster"
FIRST_S = 5.0  # for a broker to say which cluster it is
RUNNER = RunnerLimits(stop_s=2.5, deliver_rest_s=1.0)
_log = structlog.get_logger("hallway.serving")


def clock() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Opened(NamedTuple):
    """A folder's log; ``epoch``: the id under which its outputs enter the inboxes; ``is_new``: it was empty."""

    journal: Journal
    epoch: str
    is_new: bool


class Startable(Runner, Protocol):
    """A runner, for who starts and ends it."""

    async def start(self) -> None:
        """Begins."""

    async def stop(self) -> None:
        """Ends within a bound."""


REMAINS = (
    "In Kafka's topics its records stay, with the ids of the conference, its places and people, and with tokens "
    "instead of accounts. Whose tokens they are is forgotten (of posters who are not registered anywhere: some 400 "
    "days after they were seen last). The log and the matches are kept until the topics are deleted, posts for 400 "
    "days, what workers could not read for 14. Its id cannot be used again."
)


class Stores(NamedTuple):
    """What lies beside the log."""

    directory: Directory
    inboxes: Inboxes


class Backing(Protocol):
    """Opened first, under the folder's lock; then its runner is made."""

    async def open(self, stack: AsyncExitStack) -> Opened:
        """JournalError, UnusableError: plain sentences."""

    def runner(self, stack: AsyncExitStack, stores: Stores, conferences: Conferences) -> tuple[Startable, Readiness]:
        """What takes events, and what makes inboxes ready."""

    def forgetting(self) -> Forgetting:
        """How a whole conference goes. After ``runner``."""


@dataclass
class InFile:
    """Everything in one process."""

    data: Path
    clock: Callable[[], int] = clock

    async def open(self, stack: AsyncExitStack) -> Opened:
        """Opens the journal."""
        if (self.data / CLUSTER_FILE).exists():
            raise UnusableError(f"{self.data} belongs to a Kafka. Name another folder, or that one with --kafka.")
        self._journal = await asyncio.to_thread(SqliteJournal, self.data)
        stack.callback(self._journal.close)
        return Opened(self._journal, *epoch_of(self.data))

    def runner(self, stack: AsyncExitStack, stores: Stores, conferences: Conferences) -> tuple[Startable, Readiness]:
        """Takes, folds and delivers here."""
        delivering = Delivering(self._journal, stores.inboxes, conferences.erased)
        stack.push_async_callback(delivering.close)
        seal = stores.directory.letter_keys.seal
        runner = Embedded(
            self._journal,
            self.clock,
            delivering.deliver,
            delivered=delivering.delivered,
            limits=RUNNER,
            seal=seal,
        )

        async def forget(conference: str) -> None:
            await runner.forget(conference)
            await delivering.forget(conference)

        self._forget = forget
        return runner, delivering

    def forgetting(self) -> Forgetting:
        """The log goes from the file."""
        return Forgetting(self._forget, lambda conference: not self._journal.length(conference))


def epoch_of(folder: Path) -> tuple[str, bool]:
    """The id of the data folder, and whether it was made now. Call it under the folder's lock."""
    path = folder / EPOCH_FILE
    if path.exists() and (found := path.read_text(encoding="ascii").strip()):
        return found, False
    made = secrets.token_hex(8)
    path.write_text(f"{made}\n", encoding="ascii")
    return made, True


@dataclass
class InKafka:
    """The log in Kafka, a copy of it here. ``prefix``: of the topics' names."""

    data: Path
    kafka: Access
    prefix: str = ""
    clock: Callable[[], int] = clock

    async def open(self, stack: AsyncExitStack) -> Opened:
        """Opens the copy. The broker must be there the first time, to say which cluster it is."""
        if (self.data / FILE).exists():
            raise UnusableError(f"{self.data} has a log of its own. Name another folder, or leave --kafka out.")
        stack.callback(DataFolder(self.data).release)
        self._journal = await asyncio.to_thread(SqliteReadReplica, self.data / "copy")
        stack.callback(self._journal.close)
        self._cluster, is_new = await self._cluster_of()
        try:
            await check(self.kafka, self.prefix)
        except KafkaRefusedError as error:
            raise UnusableError(str(error)) from None
        except UnavailableError:
            _log.warning("the broker is away", servers=self.kafka.address)  # it may come; reading goes on till then
        return Opened(self._journal, self._cluster, is_new)

    def runner(self, stack: AsyncExitStack, stores: Stores, conferences: Conferences) -> tuple[Startable, Readiness]:
        """Appends there, follows here; workers match and deliver."""
        conferences.ended.update(self._journal.erased())
        runner = self._runner = OnKafka(
            self.kafka,
            self._cluster,
            self._journal,
            stores.directory.letter_keys,
            self.clock,
            conferences.note,
            conferences.end,
            topics=topics(self.prefix),
        )
        return runner, Prepared(self._journal, stores.inboxes, lambda: runner.is_current)

    def forgetting(self) -> Forgetting:
        """A record in the log says so to all who read it; what stands in the topics goes by their retention alone."""
        return Forgetting(self._runner.forget, lambda conference: conference in self._journal.erased(), REMAINS)

    async def _cluster_of(self) -> tuple[str, bool]:
        path = self.data / CLUSTER_FILE
        kept = path.read_text(encoding="ascii").strip() if path.exists() else ""
        try:
            found = await cluster_id(self.kafka, FIRST_S)
        except KafkaRefusedError as error:
            raise UnusableError(str(error)) from None
        except UnavailableError as error:
            if not kept:
                raise UnusableError(str(error)) from None
            return kept, False
        if kept and found != kept:
            raise UnusableError(
                f"{self.data} belongs to another Kafka than that at {self.kafka.address}. Name another folder."
            )
        if kept:
            return kept, False
        path.write_text(f"{found}\n", encoding="ascii")
        return found, True
