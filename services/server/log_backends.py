"""The backends of a server's log: a file in its data folder, or topics of a Kafka with workers.

Responsibility: what is created for each. One folder is never used for both. The caller starts what they create.
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

from services.admission.conference_registry import ConferenceRegistry
from services.directory.port import Directory
from services.erasure.conference_erasure import LogRemoval
from services.inbox.port import Inboxes
from services.journal import Journal
from services.journal.data_folder import DataFolder
from services.journal.sqlite import SqliteJournal, SqliteReadReplica
from services.journal.sqlite.journal import FILE
from services.kafka.access import Access
from services.kafka.clients import KafkaRefusedError
from services.kafka.cluster import cluster_id
from services.kafka.gateway import KafkaRunner
from services.kafka.gateway.inbox_readiness import InboxPreparer
from services.kafka.gateway.topics import topic_names
from services.kafka.topics import check
from services.runtime import EmbeddedRunner
from services.runtime import Limits as RunnerLimits
from services.runtime.inbox_delivery import InboxDelivery
from services.runtime.ports import Readiness, Runner
from services.usage_errors import UnusableError
from streams.runtime.errors import UnavailableError

EPOCH_FILE, CLUSTER_FILE = "epoch", "cluster"
CLUSTER_ID_S = 5.0  # for a broker to report its cluster id
RUNNER = RunnerLimits(stop_s=2.5, deliver_rest_s=1.0)
_log = structlog.get_logger("hallway.serving")


def clock() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class OpenedLog(NamedTuple):
    """An opened log. ``epoch``: the id that ties inboxes to this log; ``is_new``: the folder was empty."""

    journal: Journal
    epoch: str
    is_new: bool


class StartableRunner(Runner, Protocol):
    """A runner with its lifecycle."""

    async def start(self) -> None:
        """Starts."""

    async def stop(self) -> None:
        """Stops in bounded time."""


REMAINS_IN_KAFKA = (
    "In Kafka's topics its records stay, with the ids of the conference, its places and people, and with tokens "
    "instead of accounts. Whose tokens they are is forgotten (of posters who are not registered anywhere: some 400 "
    "days after they were seen last). The log and the matches are kept until the topics are deleted, posts for 400 "
    "days, what workers could not read for 14. Its id cannot be used again."
)


class Stores(NamedTuple):
    """The stores beside the log."""

    directory: Directory
    inboxes: Inboxes


class LogBackend(Protocol):
    """Open it first, which locks the folder; then create its runner."""

    async def open(self, stack: AsyncExitStack) -> OpenedLog:
        """Opens the log. JournalError, UnusableError: the text is for a person."""

    def runner(
        self, stack: AsyncExitStack, stores: Stores, conferences: ConferenceRegistry
    ) -> tuple[StartableRunner, Readiness]:
        """Creates the runner that accepts events, and what makes inboxes ready."""

    def conference_erasure(self) -> LogRemoval:
        """How a whole conference is erased from the log. Call it after ``runner``."""


@dataclass
class FileLogBackend:
    """The log in a file: everything runs in one process."""

    data: Path
    clock: Callable[[], int] = clock

    async def open(self, stack: AsyncExitStack) -> OpenedLog:
        """Opens the journal."""
        if (self.data / CLUSTER_FILE).exists():
            raise UnusableError(f"{self.data} belongs to a Kafka. Choose another folder, or add --kafka.")
        self._journal = await asyncio.to_thread(SqliteJournal, self.data)
        stack.callback(self._journal.close)
        return OpenedLog(self._journal, *load_epoch(self.data))

    def runner(
        self, stack: AsyncExitStack, stores: Stores, conferences: ConferenceRegistry
    ) -> tuple[StartableRunner, Readiness]:
        """Creates the runner that folds and delivers in this process."""
        inbox_delivery = InboxDelivery(self._journal, stores.inboxes, conferences.erased_attendees)
        stack.push_async_callback(inbox_delivery.close)
        seal = stores.directory.letter_keys.seal
        runner = EmbeddedRunner(
            self._journal,
            self.clock,
            inbox_delivery.deliver,
            last_delivered=inbox_delivery.checkpoint,
            limits=RUNNER,
            seal=seal,
        )

        async def forget(conference: str) -> None:
            await runner.forget(conference)
            await inbox_delivery.forget(conference)

        self._forget = forget
        return runner, inbox_delivery

    def conference_erasure(self) -> LogRemoval:
        """Removes the log from the file."""
        return LogRemoval(self._forget, lambda conference: not self._journal.length(conference))


def load_epoch(folder: Path) -> tuple[str, bool]:
    """The id of the data folder, and whether it is new. Call it under the folder's lock."""
    path = folder / EPOCH_FILE
    if path.exists() and (found := path.read_text(encoding="ascii").strip()):
        return found, False
    made = secrets.token_hex(8)
    path.write_text(f"{made}\n", encoding="ascii")
    return made, True


@dataclass
class KafkaLogBackend:
    """The log in Kafka, with a read replica here. ``prefix``: of the topics' names."""

    data: Path
    kafka: Access
    prefix: str = ""
    clock: Callable[[], int] = clock

    async def open(self, stack: AsyncExitStack) -> OpenedLog:
        """Opens the read replica. The broker must be reachable the first time, to report its cluster id."""
        if (self.data / FILE).exists():
            raise UnusableError(f"{self.data} has a log of its own. Choose another folder, or remove --kafka.")
        stack.callback(DataFolder(self.data).release)
        self._journal = await asyncio.to_thread(SqliteReadReplica, self.data / "copy")
        stack.callback(self._journal.close)
        self._cluster, is_new = await self._cluster_of()
        try:
            await check(self.kafka, self.prefix)
        except KafkaRefusedError as error:
            raise UnusableError(str(error)) from None
        except UnavailableError:
            _log.warning("the broker is unreachable", servers=self.kafka.address)  # reads work until it is back
        return OpenedLog(self._journal, self._cluster, is_new)

    def runner(
        self, stack: AsyncExitStack, stores: Stores, conferences: ConferenceRegistry
    ) -> tuple[StartableRunner, Readiness]:
        """Creates the runner that appends to Kafka and replicates the log here; workers match and deliver."""
        conferences.retired.update(self._journal.erased())
        runner = self._runner = KafkaRunner(
            self.kafka,
            self._cluster,
            self._journal,
            stores.directory.letter_keys,
            self.clock,
            conferences.apply,
            conferences.retire,
            topics=topic_names(self.prefix),
        )
        return runner, InboxPreparer(self._journal, stores.inboxes, lambda: runner.is_current)

    def conference_erasure(self) -> LogRemoval:
        """Records the erasure in the log; the records in the topics stay until their retention ends."""
        return LogRemoval(
            self._runner.forget, lambda conference: conference in self._journal.erased(), REMAINS_IN_KAFKA
        )

    async def _cluster_of(self) -> tuple[str, bool]:
        path = self.data / CLUSTER_FILE
        known = path.read_text(encoding="ascii").strip() if path.exists() else ""
        try:
            found = await cluster_id(self.kafka, CLUSTER_ID_S)
        except KafkaRefusedError as error:
            raise UnusableError(str(error)) from None
        except UnavailableError as error:
            if not known:
                raise UnusableError(str(error)) from None
            return known, False
        if known and found != known:
            raise UnusableError(
                f"{self.data} belongs to another Kafka than the one at {self.kafka.address}. Choose another folder."
            )
        if known:
            return known, False
        path.write_text(f"{found}\n", encoding="ascii")
        return found, True
