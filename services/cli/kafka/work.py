"""``hallway work``: one worker of a Hallway on Kafka as a process.

Invariants: after a failure the exit code is not 0, so that a supervisor restarts it.
"""

import asyncio
import os
from typing import Annotated, Literal

from cyclopts import Parameter

from services.cli.connection_options import Kafka, access_for, check_redis
from services.cli.logs.summary import say
from services.inbox.redis.credentials import add_login
from services.usage_errors import UnusableError


def work(
    kind: Literal["router", "matcher", "delivery"],
    /,
    *,
    kafka: Kafka = None,
    redis: Annotated[str, Parameter(help="The Redis or Valkey of the inboxes; for a delivery.")] = "",
    instance: Annotated[
        str | None, Parameter(help="A stable name of this worker: with it a restart causes no rebalance.")
    ] = None,
    prefix: Annotated[str, Parameter(help="A prefix for all topic names.")] = "",
    ticks: Annotated[bool, Parameter(help="Append ticks when no events come; turn it off for a recorded log.")] = True,
    session: Annotated[float, Parameter(help="Seconds after which a lost worker's partitions go to others.")] = 10.0,
    silent: Annotated[float, Parameter(help="Seconds without progress, with more to read, until it stops.")] = 60.0,
    metrics_port: Annotated[int | None, Parameter(help="The port for Prometheus metrics, on 127.0.0.1.")] = None,
) -> int:
    """Run a router, a matcher or a delivery on Kafka until it is stopped."""
    from services.api.transport.json_logs import (
        to_stderr,  # imported here: no other command should wait for Faust
    )
    from services.worker.composition import Settings
    from services.worker.composition import work as run_worker

    if kind == "delivery":
        if not redis:
            raise UnusableError("A delivery needs --redis, an address such as redis://127.0.0.1:6379.")
        check_redis(redis)
    access = access_for(kafka)
    to_stderr()
    redis = add_login(redis, os.environ) if redis else redis
    settings = Settings(kind, access, redis, instance, prefix, ticks, session, silent, metrics_port)
    return asyncio.run(run_worker(settings, lambda: say(f"The {kind} works.")))
