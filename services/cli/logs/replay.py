"""``hallway replay``: folds inputs and writes the outputs. The loop over records is as tight as it can be."""

import gc
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from schemas.codec import Record, kind_of
from schemas.outputs import AnyOutput
from services.cli.logs.summary import summary
from services.cli.streams.event_reader import EventReader
from services.cli.streams.files import STANDARD
from services.cli.streams.inputs import Source
from services.cli.streams.interrupts import Stop
from services.cli.streams.output_files import Write
from services.cli.streams.pacing import Pacer
from services.cli.streams.progress import progress
from services.cli.streams.rejects import Rejects
from streams.replay import Replay

Output = Callable[[list[AnyOutput]], None]


@contextmanager
def garbage_collection_paused() -> Iterator[None]:
    """Turns the garbage collector off: the state is a tree of millions of objects without cycles (``state.py``), which
    the collector would walk again and again for nothing: a third of the time of a large fold.
    """
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


@dataclass(slots=True)
class Clock:
    """The wall clock, injectable so that tests need not wait."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass(slots=True)
class Run:
    """One fold over inputs: what it reads, and what it counts."""

    inputs: Sequence[Source]
    rejects: Rejects
    replay: Replay
    clock: Clock = field(default_factory=Clock)
    stop: Stop = field(default_factory=Stop)
    events: int = 0
    outputs: Counter[str] = field(default_factory=Counter)
    current: Source | None = None

    def records(self, doing: str = "Folding", *, quiet: bool = False) -> Iterator[list[Record]]:
        """The records in batches, with progress, until the end or Ctrl-C."""
        reader = EventReader(self.inputs, self.rejects, lambda: self.replay.now)
        with (
            self.stop.catch_interrupts(),
            garbage_collection_paused(),
            progress(doing, reader.size, quiet=quiet) as advance,
        ):
            for batch in self.stop.until(reader.batches()):
                self.current = reader.current
                yield batch
                self.events += len(batch)
                advance(reader.consumed, self.events)


def replay(run: Run, write: Write, *, speed: float | None = None, flush: Callable[[], None], to: str | None) -> None:
    """Folds everything; outputs are flushed after each block of the input, or at once if paced."""
    began = run.clock.now()
    if speed is None:
        _fold(run, write, flush, to)
    else:
        _fold_paced(run, write, Pacer(speed, run.clock.now), flush, to)
    seconds = run.clock.now() - began
    summary(run.events, seconds, run.outputs, run.rejects, run.replay.unrouted, stopped=run.stop.requested)


def _fold(run: Run, write: Write, flush: Callable[[], None], to: str | None) -> None:
    # Names are looked up once: at 200,000 events a second each look-up in the loop is a percent.
    feed, encode, counted = run.replay.feed, run.replay.encode, run.outputs
    for batch in run.records(quiet=_is_terminal(to)):
        for record in batch:
            for output in feed(record):
                write(encode(output))
                counted[kind_of(output)] += 1
        flush()  # the next block of a pipe may take long


def _fold_paced(run: Run, write: Write, pacer: Pacer, flush: Callable[[], None], to: str | None) -> None:
    for batch in run.records("Replaying", quiet=_is_terminal(to)):
        for done, record in enumerate(batch):
            wait = pacer.wait(record)
            if wait:
                run.stop.sleep(run.clock.sleep, wait)
            if run.stop.requested:
                run.events += done - len(batch)  # the batch is counted as a whole when the next is asked for
                break
            outputs = run.replay.feed(record)
            for output in outputs:
                write(run.replay.encode(output))
                run.outputs[kind_of(output)] += 1
            if outputs:
                flush()


def _is_terminal(to: str | None) -> bool:
    return to == STANDARD and sys.stdout.isatty()
