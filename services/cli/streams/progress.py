"""A progress bar on standard error for long work; nothing if that is not a terminal.

Invariants: it does not slow the work: it is updated once per block, not per record.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

Advance = Callable[[int, int], None]


@contextmanager
def progress(doing: str, total: int | None, *, quiet: bool = False) -> Iterator[Advance]:
    """Gives a function of (done out of ``total``, events so far)."""
    # Outputs that go to the same terminal would be torn by the bar.
    if quiet or not sys.stderr.isatty():
        yield lambda done, events: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[events]:,} events, {task.fields[rate]:,}/s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(doing, total=total, events=0, rate=0)

        def advance(done: int, events: int) -> None:
            elapsed = bar.tasks[0].elapsed or 0
            rate = int(events / elapsed) if elapsed else 0
            bar.update(task, completed=done, events=events, rate=rate)

        yield advance
