"""``hallway backfill``: a conference that was opened late gets the past of its hashtags and its people.

Owns: the options, and the lines on the terminal. May never: decide which posts these are (``streams.backfill`` does).
"""

from typing import Annotated

from cyclopts import Parameter

from services.cli.connection_options import Kafka, Prefix, kafka_access, run_with_kafka
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
    from services.kafka.backfill import backfill as run_backfill
    from services.tools.processes import garbage_collection

    garbage_collection.collect_rarely()
    access = kafka_access(kafka, prefix)
    with progress("Reading the past", None) as advance:
        result = run_with_kafka(
            run_backfill(
                access, conference, prefix=prefix, dry_run=dry_run, advance=lambda done, total: advance(done, done)
            )
        )
    copied = f"{plural(result.copied, 'record')} {'would be copied' if dry_run else 'copied'} into {conference}"
    say(f"{copied}, of {result.read:,} in the past.")
    if result.unreadable:
        say(f"{plural(result.unreadable, 'record')} of the past could not be read.", "yellow")
    return 0
