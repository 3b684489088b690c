"""Retries of what recovers by itself: exponential pauses with jitter, so that many clients do not come back at once.

Why: the pauses are stamina's, with its own log lines off: callers log a reason once, however often it is retried.
"""

from collections.abc import AsyncIterator

import stamina
import stamina.instrumentation

stamina.instrumentation.set_on_retry_hooks(())


def retry(
    on: type[Exception] | tuple[type[Exception], ...], *, first_s: float, max_s: float, tries: int | None = None
) -> AsyncIterator[stamina.Attempt]:
    """Attempts, each to be entered by ``with``; they end with the first that raises none of ``on``.

    ``first_s``: the pause after the first failure, doubled each time up to ``max_s``; up to ``first_s`` are added at
    random. ``tries``: after so many the last error is raised; None: without end, until cancelled.
    """
    return aiter(
        stamina.retry_context(
            on, attempts=tries, timeout=None, wait_initial=first_s, wait_max=max_s, wait_jitter=first_s
        )
    )
