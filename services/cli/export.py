"""``hallway export``: logs out of one form into another: files, a data folder, a topic.

Owns: the options, packing, what goes into which topic. May never: change what a record says. Into a conference log go
the copies that the router makes, each with its ``recorded_at`` (where a line has none: its ``at``, as a fold takes it),
so that the fold of what was written is the fold of what was read.
"""

import asyncio
import bz2
import gzip
import lzma
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import zstandard
from cyclopts import Parameter
from msgspec.structs import replace

from schemas.codec import Record, encode, kind_of
from schemas.times import written
from schemas.topics import ACTIVITY, CONFERENCE_LOG
from services.cli.connection_options import access_to, quiet_clients, reached_in
from services.cli.options import Inputs, named
from services.cli.streams.event_reader import Intake
from services.cli.streams.files import STANDARD
from services.cli.streams.inputs import Source, input_of
from services.cli.streams.interrupts import Stop
from services.cli.streams.line_blocks import LongLine
from services.cli.streams.output_files import Write, check_apart, written_to
from services.cli.streams.progress import progress
from services.cli.streams.rejects import Rejects
from services.cli.summary import plural, say
from services.kafka.topic_urls import Place, is_place, place
from services.usage_errors import INTERRUPTED, UnusableError
from streams.routing import Router
from streams.workers.ports import Message

_AT_ONCE = 5_000  # records in one round to the broker


def export(
    *inputs: Inputs,
    output: Annotated[
        str,
        Parameter(
            allow_leading_hyphen=True,
            help=f"A file of JSONL (.gz, .zst, .bz2 and .xz are packed), - for standard output, or kafka://HOST:PORT/{CONFERENCE_LOG}",
        ),
    ] = STANDARD,
    dead_letters: Annotated[
        str | None, Parameter(allow_leading_hyphen=True, help="File for the lines that could not be read, and why.")
    ] = None,
) -> int:
    """Copy logs into a file, or into a topic: the same outputs come of them there.

    Into a file go the lines as they are. Into a conference log go events, posts and deletions in each conference that
    tracks them. The same once more adds doubles, which change nothing.
    """
    check_apart(named(inputs), {"--output": output, "--dead-letters": dead_letters})
    named([output])
    sources, stop = [input_of(name) for name in inputs], Stop()
    with written_to(dead_letters) as letters:
        rejects = Rejects(letters)
        if is_place(output):
            _into_topic(sources, place(output), rejects, stop)
        else:
            _into_file(sources, output, rejects, stop)
    if rejects.total:
        say(f"{plural(rejects.total, 'line')} left out: not an event (`--dead-letters FILE` says why).", "yellow")
    return INTERRUPTED if stop.requested else 0


def _into_file(sources: list[Source], output: str, rejects: Rejects, stop: Stop) -> None:
    count = 0
    with written_to(output) as plain, _packed(plain, output) as write, stop.listening():
        for source in sources:
            for piece in stop.until(source.blocks()):
                if isinstance(piece, LongLine):
                    rejects.take_long(piece, source.name, None)
                    continue
                data = piece.data if piece.data.endswith(b"\n") else piece.data + b"\n"
                write(data)
                count += data.count(b"\n")
    say(f"{plural(count, 'line')} to {'standard output' if output == STANDARD else output}.")


@contextmanager
def _packed(write: Write, name: str) -> Iterator[Write]:
    packers: dict[str, Callable[[], Any]] = {
        ".zst": zstandard.ZstdCompressor().compressobj,
        ".bz2": bz2.BZ2Compressor,
        ".xz": lzma.LZMACompressor,
    }
    if (begin := packers.get(Path(name).suffix)) is not None:
        packer = begin()
        yield lambda data: write(packer.compress(data))
        write(packer.flush())
    elif name.endswith(".gz"):
        with gzip.GzipFile(fileobj=_File(write), mode="wb", mtime=0) as file:  # no time: the same bytes each time
            yield file.write
    else:
        yield write


class _File:
    """What gzip takes for a file."""

    def __init__(self, write: Write) -> None:
        self._write = write

    def write(self, data: bytes) -> int:
        """All of it."""
        self._write(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""


# -- topics ----------------------------------------------------------------------------------------------------


def _into_topic(sources: list[Source], target: Place, rejects: Rejects, stop: Stop) -> None:
    from services.kafka.topic_writer import TopicWriter
    from streams.workers.ports import typed_message

    into_log = target.topic.endswith(CONFERENCE_LOG)
    if not into_log and not target.topic.endswith(ACTIVITY):
        raise UnusableError(
            f"--output: events go to {CONFERENCE_LOG}, or posts to {ACTIVITY}. What comes of them is made."
        )
    if target != Place(target.address, target.topic):
        raise UnusableError("--output names a topic only: each event goes to its own conference.")
    quiet_clients()
    intake, router, count, left = Intake(sources, rejects, lambda: None), Router(), 0, 0
    with asyncio.Runner() as runner, stop.listening(), progress("Exporting", intake.size) as advance:
        writer = reached_in(runner, TopicWriter(access_to(target.address)).__aenter__())
        try:
            held: list[Message] = []
            for batch in stop.until(intake.batches()):
                for record in batch:
                    routed = _routed(record, router) if into_log else _posted(record)
                    left += not routed
                    held += [typed_message(key, line, kind) for key, line, kind in routed]
                if len(held) >= _AT_ONCE:
                    reached_in(runner, writer.produce(target.topic, held))
                    count, held = count + len(held), []
                    advance(intake.consumed, count)
            if held:
                reached_in(runner, writer.produce(target.topic, held))
                count += len(held)
        finally:
            reached_in(runner, writer.__aexit__())
    missed = "that no conference tracks" if into_log else "that belong to conferences"
    say(f"{plural(count, 'record')} to {target.topic}{f'; left out: {left:,} {missed}' if left else ''}.")


def _routed(record: Record, router: Router) -> list[tuple[str, bytes, str]]:
    recorded = written(record.at if record.recorded is None else record.recorded)
    return [
        (conference, encode(replace(event, recorded_at=recorded)), kind_of(event))
        for conference, event in router.route(record.event)
    ]


def _posted(record: Record) -> list[tuple[str, bytes, str]]:
    event = record.event
    if event.conference is not None:
        return []
    return [(event.actor, encode(event), kind_of(event))]
