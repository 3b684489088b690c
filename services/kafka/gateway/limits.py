"""All limits of the gateway on Kafka, and why each has its value.

Invariants: they do not change while it runs.
"""

from dataclasses import dataclass, field

from services.runtime.limits import Limits as FoldLimits


@dataclass(frozen=True, slots=True)
class Limits:
    """Each name ends with its unit. The defaults are for serving; tests use smaller ones."""

    fold: FoldLimits = field(default_factory=lambda: FoldLimits(stop_s=2.5))
    answer_s: float = 5.0  # for the broker's acknowledgement; a page waits no longer
    ask_s: float = 4.0  # for a query on a matcher; less than a page's 5 s
    replica_s: float = 2.0  # of it, for the read replica to catch up: some ms unless something is wrong
    connect_s: float = 5.0
    start_s: float = 3.0  # for broker and replica; after that, callers are asked to retry
    request_s: float = 4.0  # per request to a broker; the client retries within it
    retry_s: float = 0.25  # before the first reconnect; doubled each time up to retry_max_s
    retry_max_s: float = 2.0
    close_s: float = 2.0
    waiting_messages: int = 20_000  # for the broker: some seconds' work; more get BusyError
    sender_waiting_messages: int = 10_000  # of them from one sender, so that others have the rest
    waiting_bytes: int = 64 * 1024 * 1024
    commit_messages: int = 5_000  # that share one acknowledgement
    batch_bytes: int = 900_000  # the broker's limit is 1 MiB; this leaves space for overhead
    fetch_bytes: int = 8 * 1024 * 1024
    fetch_partition_bytes: int = 2 * 1024 * 1024  # more than one event of the largest size
    fetch_records: int = 5_000  # stored in one transaction
    poll_s: float = 0.5
    silence_s: float = 10.0  # without records, before checking that the broker really has none
