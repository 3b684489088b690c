"""The workers' port Inboxes on top of the inboxes in Redis: it translates errors."""

from collections.abc import AsyncIterator, Awaitable, Collection, Iterable, Sequence
from typing import TypeVar

from schemas.outputs import AnyOutput
from services.inbox.port import Inboxes as Store
from services.inbox.port import InboxLostError, InboxUnavailableError
from streams.workers.ports import LostInboxesError, StoreUnavailableError

T = TypeVar("T")


class StoreInboxes:
    """The port. InboxForeignError (another log's store) stops the worker, because a person must decide."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def deliver(self, conference: str, outputs: Sequence[AnyOutput], erased: Collection[str] = ()) -> None:
        """As in the port."""
        await _translate(self._store.deliver(conference, outputs, erased))

    async def has(self, conference: str) -> bool:
        """As in the port."""
        return await _translate(self._store.checkpoint(conference)) is not None

    async def rebuild(self, conference: str, outputs: AsyncIterator[AnyOutput], erased: Iterable[str]) -> None:
        """As in the port."""
        await _translate(self._store.rebuild(conference, outputs, frozenset(erased)))

    async def erase(self, conference: str, attendee: str) -> None:
        """As in the port."""
        await _translate(self._store.erase(conference, attendee))

    async def forget(self, conference: str) -> None:
        """As in the port."""
        await _translate(self._store.forget(conference))


async def _translate(call: Awaitable[T]) -> T:
    try:
        return await call
    except InboxUnavailableError as error:
        raise StoreUnavailableError(str(error)) from error
    except InboxLostError as error:
        raise LostInboxesError(str(error)) from error
