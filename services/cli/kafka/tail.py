"""``hallway tail STREAM``: the newest records of a topic, and those that follow.

Invariants: records are not changed: a pipe gets the same lines as an export.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator
from typing import Annotated, Any, Literal

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.text import Text

from schemas import names
from schemas.times import format_time
from schemas.topics import ACTIVITY, CONFERENCE_LOG, DEAD_LETTERS, MATCHES
from services.cli.connection_options import Kafka, Prefix, kafka_access, run_in, silence_client_logs
from services.kafka.topic_urls import parse_start
from services.usage_errors import UnusableError

Stream = Literal["activity", "log", "matches", "dead-letters"]
TOPICS = {"activity": ACTIVITY, "log": CONFERENCE_LOG, "matches": MATCHES, "dead-letters": DEAD_LETTERS}
MOST = 10_000


def tail(
    stream: Annotated[Stream, Parameter(help="activity, log (of conferences), matches, or dead-letters.")],
    *,
    kafka: Kafka = None,
    prefix: Prefix = "",
    kind: Annotated[
        str | None, Parameter(name="--type", help="Of this type, such as match.agreed, or all of match.")
    ] = None,
    conference: Annotated[str | None, Parameter(help="Of this conference.")] = None,
    hashtag: Annotated[str | None, Parameter(help="With this hashtag.")] = None,
    place: Annotated[str | None, Parameter(help="With this place.")] = None,
    identity: Annotated[
        str | None, Parameter(name="--id", help="With this id: of the event, its match, attendee, actor or cause.")
    ] = None,
    last: Annotated[
        int, Parameter(help="How many of the newest; with a filter of the newest 10,000 a partition.")
    ] = 10,
    start: Annotated[
        str | None, Parameter(name="--from", help="From this time on, or with --conference from this offset.")
    ] = None,
    follow: Annotated[bool, Parameter(alias="-f", negative=(), help="Keep showing new records, until Ctrl-C.")] = False,
    limit: Annotated[int | None, Parameter(help="Stop after this many.")] = None,
) -> int:
    """Show the newest records of a stream. Into a pipe they go as JSONL, for `hallway replay -` or others."""
    from services.kafka.tail import Filter, TailQuery

    access = kafka_access(kafka, prefix)
    if not 0 <= last <= MOST or (limit is not None and limit < 1):
        raise UnusableError(f"--last is a number from 0 to {MOST:,}, --limit one from 1 on.")
    try:
        offset, time_ms = parse_start(start) if start is not None else (None, None)
        tag = names.normalize_hashtag(hashtag) if hashtag is not None else None
    except ValueError as error:
        raise UnusableError(f"{error}.") from None
    wanted = Filter(kind=kind, conference=conference, hashtag=tag, place=place, identity=identity)
    query = TailQuery(
        access=access,
        topic=prefix + TOPICS[stream],
        last=last,
        wanted=wanted,
        offset=offset,
        time_ms=time_ms,
        follow=follow,
        by_conference=stream in ("log", "matches"),
    )
    return _print(query, limit)


def _print(query: Any, limit: int | None) -> int:
    from services.kafka.tail import tail as records_of

    silence_client_logs()
    show, parts = _terminal_printer() if sys.stdout.isatty() else _plain, records_of(query)
    with asyncio.Runner() as runner:
        try:
            while (part := run_in(runner, _next(parts))) is not None:
                for record in part if limit is None else part[:limit]:
                    show(record)
                sys.stdout.flush()
                limit = None if limit is None else limit - len(part)
                if limit is not None and limit <= 0:
                    break
        finally:
            runner.run(parts.aclose())
    return 0


async def _next(parts: AsyncGenerator[list[Any]]) -> list[Any] | None:
    return await anext(parts, None)


def _plain(record: Any) -> None:
    from services.kafka.logs import to_line

    sys.stdout.buffer.write(to_line(record) + b"\n")


def _terminal_printer() -> Any:
    console = Console(highlight=False)

    def show(record: Any) -> None:
        """Prints one line: time, position, type, conference, and the rest, cut at the terminal's width."""
        try:
            event = msgspec.json.decode(record.value)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            event = {"type": "unreadable", "bytes": record.value.decode("utf-8", "replace")}
        fields = event if isinstance(event, dict) else {"type": "unreadable", "bytes": event}
        rest = {name: value for name, value in fields.items() if name not in ("type", "conference", "recorded_at")}
        line = Text()
        line.append(
            f"{format_time(record.timestamp)[:-1].replace('T', ' ')} {record.partition}/{record.offset} ", "dim"
        )
        line.append(f"{fields.get('type', 'dead.letter')} ", "bold")
        line.append(f"{fields.get('conference') or ''} ", "cyan")
        line.append(msgspec.json.encode(rest).decode())
        console.print(_printable(line), no_wrap=True, overflow="ellipsis")

    return show


def _printable(line: Text) -> Text:
    """Replaces control characters, by which a sender could move the terminal's cursor."""
    line.plain = "".join(sign if sign.isprintable() else "�" for sign in line.plain)
    return line
