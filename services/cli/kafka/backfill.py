"""``hallway backfill``: copies earlier posts into the log of a conference that was opened late."""

from typing import Annotated

from cyclopts import Parameter

from services.cli.connection_options import Kafka, Prefix, kafka_access, run_with_kafka
from services.cli.logs.summary import plural, say
from services.cli.options import Conference
from services.cli.streams.progress import progress


def backfill(
    *,
    conference: Conference,
    kafka: Kafka = None,
    prefix: Prefix = "",
    dry_run: Annotated[bool, Parameter(negative=(), help="Only count what would be copied.")] = False,
) -> int:
    """Copy earlier posts from the activity topic into a conference's log, marked as backfilled.

    It copies posts with the conference's hashtags, and posts between two registered people. Run it again after more
    people have registered: it copies what is missing.
    """
    from services.kafka.backfill import backfill as run_backfill
    from services.processes import garbage_collection

    garbage_collection.collect_rarely()
    access = kafka_access(kafka, prefix)
    with progress("Reading earlier posts", None) as advance:
        result = run_with_kafka(
            run_backfill(
                access, conference, prefix=prefix, dry_run=dry_run, advance=lambda done, total: advance(done, done)
            )
        )
    copied = f"{plural(result.copied, 'record')} {'would be copied' if dry_run else 'copied'} into {conference}"
    say(f"{copied}, of {result.read:,} earlier ones.")
    if result.unreadable:
        say(f"{plural(result.unreadable, 'record')} could not be read.", "yellow")
    return 0
