"""The process that the crash tests kill: it submits a conference under load and prints the answers.

Run it as ``python -m tests.runtime.under_load FOLDER SKIP``; after each answer it prints a line such as
"x:17 accepted 12".
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from schemas.codec import encode_output
from schemas.outputs import AnyOutput
from schemas.position import Position
from schemas.times import millis
from services.journal.sqlite import SqliteJournal
from services.runtime import Accepted, Answer, Duplicate, EmbeddedRunner, Limits
from tests.runtime.harness import SENDER, Clock, batches, conference, times_of

BATCH = 20
AT_ONCE = 8


class FileInbox:
    """An inbox that survives a kill: a file of positions and outputs, to which each is added once."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab+")
        self._file.seek(0)
        whole = [line for line in self._file.read().split(b"\n")[:-1] if line]
        self._last = whole[-1].split(b" ")[0].decode() if whole else None
        self._file.truncate(sum(len(line) + 1 for line in whole))  # a torn last line was never kept

    async def deliver(self, conference: str, outputs: Sequence[AnyOutput]) -> None:
        for output in outputs:
            if self._last is None or Position.parse(output.position) > Position.parse(self._last):
                self._last = output.position
                self._file.write(output.position.encode() + b" " + encode_output(output) + b"\n")
        self._file.flush()

    async def delivered(self, conference: str) -> str | None:
        return self._last


def said(answer: Answer) -> str:
    """An answer in a few words."""
    if isinstance(answer, Accepted):
        return " ".join(["accepted" if answer.places else "untracked", *[str(place.offset) for place in answer.places]])
    assert isinstance(answer, Duplicate)
    return "duplicate"


async def main(folder: Path, skip: int) -> None:
    journal, clock, inbox = SqliteJournal(folder / "data"), Clock(), FileInbox(folder / "inbox")
    limits = Limits(snapshot_records=700, tick_poll_s=0.01, undecided_records=200)
    runner = EmbeddedRunner(journal, clock, inbox.deliver, last_delivered=inbox.delivered, limits=limits)
    lines = conference()[skip:]
    clock.ms = max(journal.last_recorded() or 0, millis(times_of(conference()[0]).recorded_at))
    await runner.start()
    waiting = batches(lines, BATCH)

    async def client() -> None:
        for now, batch in waiting:
            clock.ms = max(clock.ms, now)
            for line, answer in zip(batch, await runner.submit(batch, SENDER), strict=True):
                sys.stdout.write(f"{times_of(line).id} {said(answer)}\n")
            sys.stdout.flush()

    await asyncio.gather(*[client() for _ in range(AT_ONCE)])
    await runner.stop()
    assert runner.failure is None
    journal.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
