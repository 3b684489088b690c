"""``hallway dead-letters``: list, show and resend dead letters, through a running server or directly in Kafka."""

import sys
from base64 import b64decode
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from services.cli.connection_options import Prefix
from services.cli.logs.summary import say
from services.cli.operator.dead_letter_sources import DeadLetterSource, ServerDeadLetters, TopicDeadLetters
from services.cli.operator.server_client import URL, Url
from services.cli.streams.files import STANDARD
from services.usage_errors import UnusableError

app = App(name="dead-letters", help="List, show, fix and resend events that could not be read.")

Number = Annotated[str, Parameter(help="The number of the dead letter, as in the list.")]
Kafka = Annotated[str | None, Parameter(help="A Kafka's address: the dead letters of its workers, without a server.")]
_MOST_BYTES = 65_537  # so that an event that is one byte too long is reported as too long


@app.command(name="list")
def list_all(*, url: Url = URL, kafka: Kafka = None, prefix: Prefix = "") -> int:
    """List the stored dead letters as JSONL, oldest first."""
    letters = _letters(url, kafka, prefix)
    for letter in letters.all():
        sys.stdout.write(msgspec.json.encode(letter).decode() + "\n")
    if letters.removed:
        say("Removed: " + ", ".join(f"{count:,} {cause}" for cause, count in letters.removed.items()) + ".")
    return 0


@app.command
def show(number: Number, *, url: Url = URL, kafka: Kafka = None, prefix: Prefix = "") -> int:
    """Print a dead letter's original bytes to standard output, and its reason to standard error."""
    letter = _letters(url, kafka, prefix).get(number)
    field = f" ({letter['field']})" if letter["field"] else ""
    say(f"{letter['reason']}{field} From {letter['source']}, line {letter['position']}.")
    if letter["sent_at"]:
        say(f"It was resent at {letter['sent_at']}.")
    if letter.get("sealed"):
        raise UnusableError(
            "Its bytes are encrypted, so that an erasure can remove them. Its gateway can show them: use --url."
        )
    sys.stdout.flush()
    sys.stdout.buffer.write(b64decode(letter["bytes"]) + b"\n")
    return 0


@app.command
def resend(
    number: Number,
    mended: Annotated[
        str | None,
        Parameter(name="FILE", allow_leading_hyphen=True, help="The fixed event; - is standard input."),
    ] = None,
    *,
    dry_run: Annotated[bool, Parameter(negative=(), help="Only check whether it would be accepted.")] = False,
    url: Url = URL,
    kafka: Kafka = None,
    prefix: Prefix = "",
) -> int:
    """Resend a dead letter, once. Exit 1 if it is still rejected; that makes no further dead letter.

    With --kafka the bytes go into the topics as they are: write accounts as the log has them.
    """
    event = None if mended is None else _read(mended)
    result = _letters(url, kafka, prefix).resend(number, event, dry_run=dry_run)
    if result["status"] == "rejected":
        say(f"Still bad: {result['reason']}", "red")
        return 1
    where = f" at offset {result['offset']:,} of {result['conference']}" if "offset" in result else ""
    say(
        "It would be taken."
        if dry_run
        else f"{result['status'].capitalize()}{where}. {result.get('reason', '')}".strip()
    )
    return 0


def _letters(url: str, kafka: str | None, prefix: str) -> DeadLetterSource:
    return ServerDeadLetters(url) if kafka is None else TopicDeadLetters(kafka, prefix)


def _read(name: str) -> bytes:
    try:
        with sys.stdin.buffer if name == STANDARD else Path(name).open("rb") as file:
            return file.read(_MOST_BYTES + 1).rstrip(b"\r\n")
    except OSError as error:
        raise UnusableError(f"{name} cannot be read ({error.strerror}).") from None
