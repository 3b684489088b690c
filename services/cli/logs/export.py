"""``hallway export``: copies logs to a file or a topic.

Invariants: records are not changed. A conference log gets the copies that the router makes, each with its
``recorded_at`` (or its ``at``, if the line has none), so that folding the copy gives the same outputs.
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
from schemas.times import format_time
from schemas.topics import ACTIVITY, CONFERENCE_LOG
from services.cli.connection_options import access_for, run_in, silence_client_logs
from services.cli.logs.summary import plural, say
from services.cli.options import Inputs, check_names
from services.cli.streams.event_reader import EventReader
from services.cli.streams.files import STANDARD
from services.cli.streams.inputs import Source, open_input
from services.cli.streams.interrupts import Stop
from services.cli.streams.line_blocks import LongLine
from services.cli.streams.output_files import Write, check_distinct, open_output
from services.cli.streams.progress import progress
from services.cli.streams.rejects import Rejects
from services.kafka.topic_urls import TopicUrl, is_topic_url, parse_topic_url
from services.usage_errors import INTERRUPTED, UnusableError
from streams.routing import Router
from streams.workers.ports import Message

_BATCH_RECORDS = 5_000  # records per write to the broker


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
    """Copy logs to a file or a topic; folding the copy gives the same outputs.

    A file gets the lines as they are. A conference log gets events, and posts and deletions for each conference that
    tracks them. Exporting again adds duplicates, which change nothing.
    """
    check_distinct(check_names(inputs), {"--output": output, "--dead-letters": dead_letters})
    check_names([output])
    sources, stop = [open_input(name) for name in inputs], Stop()
    with open_output(dead_letters) as letters:
        rejects = Rejects(letters)
        if is_topic_url(output):
            _export_to_topic(sources, parse_topic_url(output), rejects, stop)
        else:
            _export_to_file(sources, output, rejects, stop)
    if rejects.total:
        say(f"{plural(rejects.total, 'line')} left out: not an event (`--dead-letters FILE` says why).", "yellow")
    return INTERRUPTED if stop.requested else 0


def _export_to_file(sources: list[Source], output: str, rejects: Rejects, stop: Stop) -> None:
    count = 0
    with open_output(output) as plain, _compress(plain, output) as write, stop.catch_interrupts():
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
def _compress(write: Write, name: str) -> Iterator[Write]:
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
        with gzip.GzipFile(
            fileobj=_File(write), mode="wb", mtime=0
        ) as file:  # no timestamp, so that the bytes are the same each time
            yield file.write
    else:
        yield write


class _File:
    """A file object for gzip."""

    def __init__(self, write: Write) -> None:
        self._write = write

    def write(self, data: bytes) -> int:
        """Writes all of it."""
        self._write(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is buffered."""


# -- topics ----------------------------------------------------------------------------------------------------


def _export_to_topic(sources: list[Source], target: TopicUrl, rejects: Rejects, stop: Stop) -> None:
    from services.kafka.topic_writer import TopicWriter
    from streams.workers.ports import typed_message

    into_log = target.topic.endswith(CONFERENCE_LOG)
    if not into_log and not target.topic.endswith(ACTIVITY):
        raise UnusableError(
            f"--output: events go to {CONFERENCE_LOG}, posts to {ACTIVITY}. Other topics cannot be exported to."
        )
    if target != TopicUrl(target.address, target.topic):
        raise UnusableError("--output names a topic only: each event goes to its own conference.")
    silence_client_logs()
    reader, router, count, skipped = EventReader(sources, rejects, lambda: None), Router(), 0, 0
    with asyncio.Runner() as runner, stop.catch_interrupts(), progress("Exporting", reader.size) as advance:
        writer = run_in(runner, TopicWriter(access_for(target.address)).__aenter__())
        try:
            pending: list[Message] = []
            for batch in stop.until(reader.batches()):
                for record in batch:
                    routed = _route(record, router) if into_log else _post_only(record)
                    skipped += not routed
                    pending += [typed_message(key, line, kind) for key, line, kind in routed]
                if len(pending) >= _BATCH_RECORDS:
                    run_in(runner, writer.produce(target.topic, pending))
                    count, pending = count + len(pending), []
                    advance(reader.consumed, count)
            if pending:
                run_in(runner, writer.produce(target.topic, pending))
                count += len(pending)
        finally:
            run_in(runner, writer.__aexit__())
    missed = "that no conference tracks" if into_log else "that belong to conferences"
    say(f"{plural(count, 'record')} to {target.topic}{f'; left out: {skipped:,} {missed}' if skipped else ''}.")


def _route(record: Record, router: Router) -> list[tuple[str, bytes, str]]:
    recorded = format_time(record.at if record.recorded is None else record.recorded)
    return [
        (conference, encode(replace(event, recorded_at=recorded)), kind_of(event))
        for conference, event in router.route(record.event)
    ]


def _post_only(record: Record) -> list[tuple[str, bytes, str]]:
    event = record.event
    if event.conference is not None:
        return []
    return [(event.actor, encode(event), kind_of(event))]
