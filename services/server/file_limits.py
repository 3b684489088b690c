"""Raises the process's limit of open files: each stream is one, and many systems allow only 1,024 by default."""

import resource

import structlog

SPARE = 500  # the journal, the directory, the store's connections, requests in flight
_log = structlog.get_logger("hallway.files")


def raise_file_limit(streams: int) -> None:
    """Raises the limit for ``streams`` streams as far as allowed; logs a warning if that is not enough."""
    wanted = streams + SPARE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    if most < wanted:
        _log.warning("the limit of open files is too low", files=most, wanted=wanted)
