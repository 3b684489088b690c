"""The port of the inboxes, as delivery uses it. What attendees' pages read is in ``services/inbox/port``.

Why: an output enters the inbox of each attendee in its ``to`` under its position, in one step with the conference's
*checkpoint*, the position up to which everything is delivered. So repeated deliveries and zombies change nothing, and
delivery continues at the checkpoint after a crash.
"""

from collections.abc import AsyncIterable, Collection, Iterable, Sequence
from typing import Protocol

from schemas.outputs import AnyOutput
from streams.runtime.errors import UnavailableError

BATCH_OUTPUTS = 200  # per delivery, which blocks Redis for about 5 ms


class InboxUnavailableError(UnavailableError):
    """The store is unreachable, too slow, or being rebuilt. It recovers by itself: retry later; the API answers 503."""


class InboxStoreError(InboxUnavailableError):
    """The store is unreachable or refuses. The text is a sentence for its operator, without address or names."""


class InboxFullError(InboxStoreError):
    """The store is at its memory limit and accepts no writes; reading and erasing still work."""


class InboxLostError(Exception):
    """The store lost entries. ``delivered``: redeliver everything after this position; None: rebuild."""

    def __init__(self, conference: str, delivered: str | None) -> None:
        action = "Rebuild them from the log." if delivered is None else f"Redeliver everything after {delivered!r}."
        super().__init__(f"The inboxes of {conference} lost entries. {action}")
        self.delivered = delivered


class InboxForeignError(Exception):
    """The store holds this conference's inboxes from another log; only an explicit rebuild replaces them."""


class DeliveredInboxes(Protocol):
    """Ids are those of the contract. Every method can raise InboxUnavailableError, in bounded time."""

    async def deliver(self, conference: str, outputs: Sequence[AnyOutput], erased: Collection[str] = ()) -> str:
        """Delivers outputs, in ascending order, to the inboxes of their ``to``; returns the new checkpoint. Idempotent.

        Start after ``checkpoint``. ``erased``: attendees that the log has erased, as far as known.
        A conference that has used its quota of cards gets no new ones; existing cards are still updated.
        InboxLostError: the store has less than it once confirmed to this process.
        """

    async def checkpoint(self, conference: str) -> str | None:
        """The position of the last delivered output; START: none yet. None: missing, incomplete or outdated: rebuild.

        InboxForeignError.
        """

    async def erase(self, conference: str, attendee: str) -> None:
        """Removes every key and value of or about the attendee; others' entries about them keep only their numbers.

        Call it at the erasure's place in the log as well: a delivery in flight may land after an earlier call.
        """

    async def rebuild(
        self,
        conference: str,
        outputs: Iterable[AnyOutput] | AsyncIterable[AnyOutput],
        erased: Collection[str] = (),
    ) -> str:
        """Rebuilds a conference's inboxes from the recorded outputs; readers never see them half done.

        Returns the checkpoint. ``erased``: attendees erased up to the end of the outputs (may grow meanwhile).
        """

    async def forget(self, conference: str) -> None:
        """Removes everything of a conference."""
