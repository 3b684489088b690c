"""Queries on a conference's matcher, from the event loop to the fold's thread and back."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from services.runtime.fold_loop import FoldLoop
from streams.matching import Matcher

T = TypeVar("T")


async def query_matcher(fold_loop: FoldLoop, conference: str, function: Callable[[Matcher | None], T]) -> T:
    """Applies ``function`` to a conference's matcher (None: unknown), in the fold's thread between two slices.

    Give it a time limit. BusyError, StoppedError.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def pass_on(value: Any) -> None:
        loop.call_soon_threadsafe(resolve, answer, value)

    fold_loop.ask((conference, function, pass_on))
    return await answer


def resolve(waiter: asyncio.Future[Any], outcome: Any) -> None:
    """Sets a future's result or exception, unless it is done already."""
    if waiter.done():
        return  # the caller gave up
    if isinstance(outcome, Exception):
        waiter.set_exception(outcome)
    else:
        waiter.set_result(outcome)
