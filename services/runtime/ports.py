"""The ports of the gateway: what takes events in and can be asked, and what makes inboxes ready.

Owns: the promises. May never: know whether a log is a file here or a topic elsewhere.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from services.runtime.event_validator import Item
from services.runtime.results import Answer
from streams.matching import Matcher

T = TypeVar("T")


class Matchers(Protocol):
    """Who can be asked about a conference's matcher. Used on the event loop."""

    async def ask(self, conference: str, function: Callable[[Matcher | None], T]) -> T:
        """What ``function`` says of a conference's matcher (None: unknown), which knows all that was answered before.

        BusyError, StoppedError, TimeoutError: not now.
        """


class Runner(Matchers, Protocol):
    """``Embedded`` in one process; ``OnKafka`` beside the workers of a Kafka. Used on the event loop."""

    @property
    def failure(self) -> BaseException | None:
        """What broke that must not; None: nothing."""

    @property
    def behind(self) -> int:
        """How many records of the logs this process has and has not folded yet."""

    @property
    def takes(self) -> bool:
        """Whether it takes events now."""

    async def failed(self) -> BaseException:
        """Waits for ``failure``, for ever if all is well."""

    async def take(self, items: Sequence[Item], sender: str, first: int = 1) -> list[Answer]:
        """An answer for each item, in order, once all are durable. Their events are the runner's own from here on.

        ``first``: the first one's number in a dead letter.
        BusyError, StoppedError, UnavailableError, JournalError: nothing was taken. TimeoutError: it may have been; then
        the same lines again are duplicates.
        """


class Readiness(Protocol):
    """Who makes inboxes: this process from its outputs, or the delivery worker."""

    @property
    def foreign(self) -> asyncio.Future[BaseException]:
        """Set when the store belongs to another log, which a person must decide about."""

    async def ensure(self, conference: str) -> None:
        """Makes the inboxes of a conference ready if they are not; what is in the way is tried again by others."""
