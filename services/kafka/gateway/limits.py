"""Every bound of the gateway on Kafka in one place.

Owns: the numbers and why they are what they are. May never: be changed while it runs.
"""

from dataclasses import dataclass, field

from services.runtime.limits import Limits as Folded


@dataclass(frozen=True, slots=True)
class Limits:
    """Units are last in the name; the defaults are for serving, tests take smaller ones."""

    folded: Folded = field(default_factory=lambda: Folded(stop_s=2.5))
    answer_s: float = 5.0  # for the broker's acknowledgement; a page waits no longer
    ask_s: float = 4.0  # for an answer of the fold; less than a page's 5 s
    copy_s: float = 2.0  # of it, for the copy to come to what was accepted: some ms unless something is wrong
    connect_s: float = 5.0
    start_s: float = 3.0  # for broker and copy, before whoever comes is told to come again
    request_s: float = 4.0  # of one request to a broker; within it the client tries again by itself
    again_s: float = 0.25  # between two tries to connect; then twice as long each time, up to
    again_most_s: float = 2.0
    close_s: float = 2.0
    waiting_messages: int = 20_000  # for the broker: some seconds' work; more are told to come again
    sender_waiting_messages: int = 10_000  # of them one sender's, so that the others have the rest
    waiting_bytes: int = 64 * 1024 * 1024
    commit_messages: int = 5_000  # that share one acknowledgement
    batch_bytes: int = 900_000  # the broker's own bound is 1 MiB, with room for what is around the records
    fetch_bytes: int = 8 * 1024 * 1024
    fetch_partition_bytes: int = 2 * 1024 * 1024  # more than one event of the largest size
    fetch_records: int = 5_000  # kept in one transaction
    poll_s: float = 0.5
    quiet_s: float = 10.0  # without records, after which the broker is asked whether there are none
