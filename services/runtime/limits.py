"""Every bound of the embedded runner in one place.

Owns: the numbers and why they are what they are. May never: be changed while it runs.
"""

from dataclasses import dataclass

from schemas.times import MINUTE_MS


@dataclass(frozen=True, slots=True)
class Limits:
    """Units are last in the name; the defaults are for serving, tests take smaller ones."""

    ahead_ms: int = 10 * MINUTE_MS  # the contract's: an ``at`` further ahead of our clock is refused
    submission_lines: int = 5_000  # decoded on the event loop in parts, about 10 ms in all
    part_lines: int = 150  # of them between two looks at the rest of the event loop, about half a ms
    waiting_lines: int = 20_000  # for a commit: less than a second's work; more are told to come again
    sender_waiting_lines: int = 10_000  # of them one sender's, so that the others have the rest
    commit_lines: int = 5_000  # about 10 ms of writing, so that nobody waits long for others
    unfolded_records: int = 100_000  # that the fold may lag behind: a second of it, 100 MB of events
    answer_s: float = 10.0  # for a commit; a disk that takes longer is not well
    ids_kept: int = 400_000  # of all logs, to recognise doubles at the door (80 MB); the fold recognises the rest
    slice_s: float = 0.05
    undecided_records: int = 5_000  # folded without outputs, before that is recorded as well
    idle_s: float = 1.0  # without records, after which it is recorded
    full_pause_s: float = 0.5  # between two looks whether there is room again
    snapshot_records: int = 50_000  # folded again in half a second
    snapshot_s: float = 600.0
    outputs_at_once: int = 1_000  # read and decoded in a thread, about 5 ms
    deliver_s: float = 10.0
    deliver_tries: int = 5  # with pauses of 0.1 to 0.8 s; then the conference rests
    deliver_pause_s: float = 0.1
    deliver_rest_s: float = 15.0
    tick_look_s: float = 0.25  # how late a tick may be; nobody waits for one by the second
    drop_s: float = 5.0  # until a conference that is to be forgotten is folded; nothing is appended meanwhile
    asked_at_once: int = 1_000
    stop_s: float = 5.0
