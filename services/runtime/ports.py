"""The runtime's ports for the gateway: the runner that accepts events, queries on matchers, readiness of inboxes.

Invariants: callers do not know whether a log is a local file or a Kafka topic.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from services.runtime.event_validator import Item
from services.runtime.results import Answer
from streams.matching import Matcher

T = TypeVar("T")


class Matchers(Protocol):
    """Queries on conferences' matchers. Use it on the event loop."""

    async def ask(self, conference: str, function: Callable[[Matcher | None], T]) -> T:
        """Applies ``function`` to a conference's matcher (None: unknown), which has folded everything answered before.

        BusyError, StoppedError, TimeoutError: try again later.
        """


class Runner(Matchers, Protocol):
    """``EmbeddedRunner`` in one process, or ``KafkaRunner`` next to Kafka workers. Use it on the event loop."""

    @property
    def failure(self) -> BaseException | None:
        """The fatal error that stopped the runner; None: it is healthy."""

    @property
    def lag(self) -> int:
        """How many records this process has read but not folded yet."""

    @property
    def is_accepting(self) -> bool:
        """Whether it accepts events now."""

    async def wait_for_failure(self) -> BaseException:
        """Waits until the runner fails, and returns the error."""

    async def take(self, items: Sequence[Item], sender: str, first: int = 1) -> list[Answer]:
        """Returns an answer for each item, in order, once all are durable.

        ``first``: the first item's line number, for dead letters.
        BusyError, StoppedError, LogUnavailableError, JournalError: nothing was accepted. TimeoutError: unknown; the
        same lines sent again are duplicates then.
        """


class Readiness(Protocol):
    """Makes inboxes ready: this process does it from its outputs, or the delivery worker does."""

    @property
    def troubles(self) -> Mapping[str, str]:
        """What is in the way of conferences' inboxes, by conference, as sentences for their organizers."""

    async def ensure(self, conference: str) -> None:
        """Makes the inboxes of a conference ready if they are not. Failures are ignored: delivery retries."""
