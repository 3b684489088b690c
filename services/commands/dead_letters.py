"""``hallway dead-letters``: looked at, mended and sent again, over a running server.

Owns: the options and what is printed. May never: send what was not looked at: ``--dry-run`` says what would be.
"""

import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import App, Parameter

from services.commands.asking import URL, Url, ask
from services.commands.files import STANDARD
from services.commands.summary import say
from services.problems import UnusableError

app = App(name="dead-letters", help="See what could not be read, mend it, and send it again.")

Number = Annotated[int, Parameter(help="The letter's number, as in the list.")]
_MOST_BYTES = 65_537  # an event that is one byte too long is still told as such


@app.command(name="list")
def listed(*, url: Url = URL) -> int:
    """List the dead letters that are still there as JSONL, oldest first."""
    gone: dict[str, int] = {}
    for page in _pages(url):
        gone = page["gone"]
        for letter in page["letters"]:
            sys.stdout.write(msgspec.json.encode(letter).decode() + "\n")
    if gone:
        say("No more there: " + ", ".join(f"{count:,} {cause}" for cause, count in gone.items()) + ".")
    return 0


def _pages(url: str) -> Iterator[Any]:
    after: int | None = 0
    while after is not None:
        page = ask(url, "GET", "/v1/dead-letters", params={"after": after})
        yield page
        after = page["next"]


@app.command
def show(number: Number, *, url: Url = URL) -> int:
    """Print a letter's bytes as they came, and its reason beside them: mend them in a file."""
    letter = ask(url, "GET", f"/v1/dead-letters/{number}")
    field = f" ({letter['field']})" if letter["field"] else ""
    say(f"{letter['reason']}{field} From {letter['source']}, line {letter['position']}.")
    if letter["sent_at"]:
        say(f"It was sent again at {letter['sent_at']}.")
    sys.stdout.flush()
    sys.stdout.buffer.write(b64decode(letter["bytes"]) + b"\n")
    return 0


@app.command
def resend(
    number: Number,
    mended: Annotated[
        str | None,
        Parameter(name="FILE", allow_leading_hyphen=True, help="The event as it should be; - is standard input."),
    ] = None,
    *,
    dry_run: Annotated[bool, Parameter(negative=(), help="Only say what would become of it.")] = False,
    url: Url = URL,
) -> int:
    """Send a letter again, once. Exit 1 when it is still bad; no further letter comes of that."""
    body = {"dry_run": dry_run, "bytes": None if mended is None else b64encode(_read(mended)).decode()}
    result = ask(url, "POST", f"/v1/dead-letters/{number}/resend", body)["result"]
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


def _read(name: str) -> bytes:
    try:
        with sys.stdin.buffer if name == STANDARD else Path(name).open("rb") as file:
            return file.read(_MOST_BYTES + 1).rstrip(b"\r\n")
    except OSError as error:
        raise UnusableError(f"{name} cannot be read ({error.strerror}).") from None
