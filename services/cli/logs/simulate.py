"""``hallway simulate`` and ``schema``: the commands without input. Each imports what it needs when called, to
start fast.
"""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from services.cli import schema_files
from services.cli.logs.summary import say
from services.cli.options import Output, check_names
from services.cli.streams.files import STANDARD
from services.cli.streams.output_files import open_output
from services.cli.streams.progress import progress
from services.usage_errors import UnusableError


def simulate(
    *,
    attendees: Annotated[int, Parameter(help="How many people are registered.")] = 300,
    posts: Annotated[int, Parameter(help="About how many posts they write.")] = 5_000,
    days: Annotated[int, Parameter(help="How many days the conference lasts.")] = 3,
    seed: Annotated[
        int, Parameter(help="Another seed is another conference; the same one is the same, byte for byte.")
    ] = 1,
    density: Annotated[
        int, Parameter(help="1 is believable; 2 to 4 are for load: at 4 who posts knows some thirty others.")
    ] = 1,
    output: Output = None,
) -> int:
    """Write an invented conference as JSONL: half a year of chats, then its days."""
    from services.tools.simulation import expected_events, simulate

    check_names([output] if output else [])
    try:
        lines = simulate(attendees=attendees, posts=posts, days=days, seed=seed, density=density)
        total = expected_events(attendees=attendees, posts=posts, days=days)
    except ValueError as error:
        raise UnusableError(f"{error}.") from None
    to_terminal = output in (None, STANDARD) and sys.stdout.isatty()
    with open_output(output or STANDARD) as write, progress("Simulating", total, quiet=to_terminal) as advance:
        for count, line in enumerate(lines, 1):
            write(line)
            if not count % 1_000:
                advance(count, count)
    return 0


def schema(
    *,
    check: Annotated[
        bool, Parameter(negative=(), help="Write nothing; exit 1 when a document is not current.")
    ] = False,
    folder: Annotated[Path, Parameter(help="Where the documents are.")] = schema_files.FOLDER,
) -> int:
    """Write the JSON Schema of all events and outputs, the topics as AsyncAPI, and the contract's table of events."""
    from schemas import asyncapi, json_schema  # building them takes as long as starting all the rest

    found = json_schema.documents() | {"asyncapi.json": asyncapi.document()} | schema_files.contract(folder)
    if not check:
        schema_files.write(found, folder)
        say(f"Wrote {', '.join(sorted(found))} to {folder}.")
        return 0
    stale = schema_files.stale(found, folder)
    if stale:
        say(f"Not current in {folder}: {', '.join(stale)}. `hallway schema` writes them anew.", "red")
    return 1 if stale else 0
