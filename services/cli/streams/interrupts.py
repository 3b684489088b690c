"""Ctrl-C: a command stops between two records and still prints its summary. A second Ctrl-C stops at once."""

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

T = TypeVar("T")


class Stop:
    """Whether the user wants to stop."""

    def __init__(self) -> None:
        self.requested = False
        self._idle = False

    @contextmanager
    def catch_interrupts(self) -> Iterator[None]:
        """Takes Ctrl-C over. Only a main thread can; elsewhere nothing changes."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(signal.SIGINT, self._interrupt)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        again, self.requested = self.requested, True
        if self._idle or again:
            raise KeyboardInterrupt

    def until(self, items: Iterable[T]) -> Iterator[T]:
        """The items until the user wants to stop; waiting for the next one may be interrupted."""
        iterator = iter(items)
        while not self.requested:
            self._idle = True
            try:
                item = next(iterator)
            except (StopIteration, KeyboardInterrupt):
                return
            finally:
                self._idle = False
            yield item

    def sleep(self, sleep: Callable[[float], None], seconds: float) -> None:
        """Sleeps, or less if the user wants to stop."""
        if self.requested:
            return
        self._idle = True
        try:
            sleep(seconds)
        except KeyboardInterrupt:
            pass
        finally:
            self._idle = False
