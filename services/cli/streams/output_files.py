"""Outputs of a command: a file that is complete or not there, or standard output.

Why: it writes under a temporary name and renames at the end.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from services.cli.streams.files import STANDARD
from services.kafka.topic_urls import is_topic_url
from services.usage_errors import UnusableError

Write = Callable[[bytes], object]


@contextmanager
def open_output(name: str | None) -> Iterator[Write]:
    """Yields a function that writes bytes. The file appears on success; after an exception it is as before."""
    if name is None:
        yield lambda data: None
    elif name == STANDARD:
        yield sys.stdout.buffer.write
        sys.stdout.buffer.flush()
    else:
        # A link keeps pointing where it did; a device or a pipe (/dev/null) is written to, not replaced.
        path = Path(name).resolve()
        with _open_in_place(path) if path.exists() and not path.is_file() else _open_and_rename(path) as write:
            yield write


@contextmanager
def _open_in_place(path: Path) -> Iterator[Write]:
    try:
        file = path.open("wb")
    except OSError as error:
        raise _unwritable(path, error) from None
    with file:
        yield file.write


@contextmanager
def _open_and_rename(path: Path) -> Iterator[Write]:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        file = part.open("xb", buffering=1 << 20)
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        with file:
            yield file.write
        part.replace(path)
    except BaseException as error:
        with suppress(OSError):
            part.unlink()
        if isinstance(error, BrokenPipeError):  # of standard output; alone it would be no error
            raise UnusableError(
                f"{path} was not written: the reader of standard output ended before the input did."
            ) from None
        raise


def _unwritable(path: Path, error: OSError) -> UnusableError:
    return UnusableError(
        f"{path} cannot be written ({error.strerror}). Choose a file in a folder that you can write to."
    )


def check_distinct(inputs: tuple[str, ...], outputs: dict[str, str | None]) -> None:
    """Refuses arguments that would write over an input, or two outputs into one file."""
    if inputs.count(STANDARD) > 1:
        raise UnusableError("Standard input (-) can be read once only. Name it once.")
    read = {_place(name): name for name in inputs if name != STANDARD}
    written: dict[str, str] = {}
    for option, name in outputs.items():
        if name is None:
            continue
        place = STANDARD if name == STANDARD else _place(name)
        if place in read:
            raise UnusableError(f"{option} {name} is an input as well. Name another file for {option}.")
        if place in written and place != os.devnull:
            raise UnusableError(f"{option} and {written[place]} name the same place. Give each its own file.")
        written[place] = option


def _place(name: str) -> str:
    return name if is_topic_url(name) else str(Path(name).resolve())
