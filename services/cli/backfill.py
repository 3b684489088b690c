"""``hallway backfill``: a conference that was opened late gets the past of its hashtags and its people.

Owns: the options, and the lines on the terminal. May never: decide which posts these are (``streams.backfill`` does).
"""

from typing import Annotated

from cyclopts import Parameter

from services.cli.connection_options import Kafka, Prefix, checked, reached
from services.cli.options import Conference
from services.cli.streams.progress import progress
from services.cli.summary import plural, say


def backfill(
    *,
    conference: Conference,
    kafka: Kafka = None,
    prefix: Prefix = "",
    dry_run: Annotated[bool, Parameter(negative=(), help="Only count what would be brought.")] = False,
) -> int:
    """Bring past posts from the activity topic into a conference's log, marked as backfilled.

    Those with its hashtags, and those between two people who are registered there. Once more, after more people have
    registered, it brings what is missing.
    """
    from services.kafka.backfill import backfill as fill
    from services.tools.processes import garbage_collection as collecting

    collecting.seldom()
    access = checked(kafka, prefix)
    with progress("Reading the past", None) as advance:
        filled = reached(
            fill(access, conference, prefix=prefix, dry_run=dry_run, advance=lambda done, total: advance(done, done))
        )
    brought = f"{plural(filled.copied, 'record')} {'would be brought' if dry_run else 'brought'} into {conference}"
    say(f"{brought}, of {filled.read:,} in the past.")
    if filled.unreadable:
        say(f"{plural(filled.unreadable, 'record')} of the past could not be read.", "yellow")
    return 0
