"""Opens inputs by name: a file, standard input, a data folder, a topic."""

from collections.abc import Iterator
from pathlib import Path

from services.cli.streams.files import STANDARD, Input
from services.cli.streams.line_blocks import Block, group_lines
from services.cli.streams.topic_input import TopicInput
from services.journal.port import JournalError
from services.journal.sqlite.export import find_journal
from services.journal.sqlite.export import read_lines as journal_lines
from services.kafka.topic_urls import is_topic_url
from services.usage_errors import UnusableError


class JournalInput:
    """The logs of a data folder, read as one input. ``line`` counts the records from 1."""

    def __init__(self, file: Path) -> None:
        self.name = str(file)
        self.consumed = 0
        self.size: int | None = None
        self._count = 0

    def blocks(self) -> Iterator[Block]:
        """The records. Raises UnusableError where they cannot be read on."""
        try:
            yield from group_lines(self._lines())
        except JournalError as error:
            raise UnusableError(f"{error} {self._count:,} records were read before.") from None

    def _lines(self) -> Iterator[bytes]:
        for line in journal_lines(Path(self.name)):
            self._count += 1
            self.consumed += len(line)
            yield line


Source = Input | JournalInput | TopicInput


def open_input(name: str) -> Source:
    """The input of that name. UnusableError where it cannot be one."""
    if is_topic_url(name):
        return TopicInput(name)
    file = None if name == STANDARD else find_journal(Path(name))
    return Input(name) if file is None else JournalInput(file)
