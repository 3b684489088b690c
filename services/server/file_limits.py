"""How many files the process may have open: a stream is one, and many systems allow 1,024 unless they are asked.

Owns: the asking. May never: ask for more than the system's own bound.
"""

import resource

import structlog

SPARE = 500  # the journal, the directory, the store's connections, requests under way
_log = structlog.get_logger("hallway.files")


def make_room(streams: int) -> None:
    """Raises the process's bound for so many streams, as far as it may; says where that is not enough."""
    wanted = streams + SPARE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    if most < wanted:
        _log.warning("few files may be open", files=most, wanted=wanted)
