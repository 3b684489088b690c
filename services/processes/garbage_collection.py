"""Makes Python collect cyclic garbage less often, in every long-running process.

Why: records, events and posts have no cycles and are freed by reference counting, but they are created in millions, and
by default every 700 of them start a collection: more than half of a worker's CPU time. So young objects are collected
rarely and in bulk, old ones when they have grown by a quarter. It is not turned off, because a client that lost its
connection leaves cycles behind.
"""

import gc

_YOUNG = 100_000  # objects, about 2 ms to look through
_MIDDLE, _OLD = 50, 1_000


def collect_rarely() -> None:
    """Applies from now on. Existing objects, such as all imported modules, are never collected."""
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
