"""The first fatal error of a runner, whose threads and tasks report theirs here."""

import asyncio
from collections.abc import Callable
from contextlib import suppress


class Failure:
    """``on_failed`` is called on the event loop, at the first error. Create it anywhere; ``bind`` it to the loop."""

    def __init__(self, on_failed: Callable[[], None]) -> None:
        self.error: BaseException | None = None
        self._on_failed = on_failed
        self._has_failed = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def bind(self) -> None:
        """Uses the running event loop."""
        self._loop = asyncio.get_running_loop()

    def report(self, error: BaseException) -> None:
        """Reports an error. Call it on the event loop."""
        if self.error is None:
            self.error = error
            self._on_failed()
        self._has_failed.set()

    def report_from_thread(self, error: BaseException) -> None:
        """Reports an error from another thread."""
        assert self._loop is not None, "bind it before the threads start"
        with suppress(RuntimeError):  # the event loop has ended: nothing waits for the error
            self._loop.call_soon_threadsafe(self.report, error)

    async def wait(self) -> BaseException:
        """Waits until an error is reported, and returns it; then the process should end."""
        await self._has_failed.wait()
        assert self.error is not None
        return self.error
