"""How often Python looks for garbage in cycles.

Owns: the one answer for every process that runs for long. May never: turn the search off: a client that lost its
connection leaves cycles behind. Theory: what flows here (records, events, posts) has no cycles and goes as soon as
nobody holds it, but it is made in millions, and by default every 700 of them start a search. That took more than half
of a worker's processor time. So few large searches of what is young; what is old is looked through when it grew by a
quarter.
"""

import gc

_YOUNG = 100_000  # objects, about 2 ms to look through
_MIDDLE, _OLD = 50, 1_000


def collect_rarely() -> None:
    """From now on. What was made so far, all that was imported, is not looked through at all."""
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
