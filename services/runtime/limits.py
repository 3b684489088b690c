"""All limits of the embedded runner, and why each has its value.

Invariants: they do not change while the runner runs.
"""

from dataclasses import dataclass

from schemas.times import MINUTE_MS


@dataclass(frozen=True, slots=True)
class Limits:
    """Each name ends with its unit. The defaults are for serving; tests use smaller ones."""

    ahead_ms: int = 10 * MINUTE_MS  # from the contract: an ``at`` further ahead of our clock is rejected
    submission_lines: int = 5_000  # decoded on the event loop in parts, about 10 ms in all
    part_lines: int = 150  # decoded before yielding to the event loop, about half a ms
    waiting_lines: int = 20_000  # for a commit: less than a second's work; more get BusyError
    sender_waiting_lines: int = 10_000  # of them from one sender, so that others have the rest
    commit_lines: int = 5_000  # about 10 ms of writing, so that no sender waits long for another
    unfolded_records: int = 100_000  # that the fold may lag behind: about a second of folding, 100 MB of events
    answer_s: float = 10.0  # for a commit; a disk that takes longer is failing
    remembered_ids: int = 400_000  # of all logs, to recognise duplicates early (80 MB); the fold recognises the rest
    slice_s: float = 0.05
    undecided_records: int = 5_000  # folded without outputs before progress is recorded
    idle_s: float = 1.0  # without records, after which progress is recorded
    full_pause_s: float = 0.5  # between two retries while the disk is full
    snapshot_records: int = 50_000  # replayed in half a second
    snapshot_s: float = 600.0
    outputs_at_once: int = 1_000  # read and decoded in a thread, about 5 ms
    deliver_s: float = 10.0
    deliver_tries: int = 5  # with pauses of 0.1 to 0.8 s; then the conference pauses for deliver_rest_s
    deliver_pause_s: float = 0.1
    deliver_rest_s: float = 15.0
    tick_poll_s: float = 0.25  # how late a tick may be
    drop_s: float = 5.0  # to fold the rest of a conference that is removed; nothing is appended meanwhile
    waiting_queries: int = 1_000
    stop_s: float = 5.0
