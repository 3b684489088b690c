"""Requests for a lost sign-in link, taken without telling anybody who is registered.

Invariants:
- A request is answered before anything is looked up; the answer depends on nothing that is stored. Nothing about a
  request, not even that it was one too many for its address, reaches whoever made it.
- Requests are looked up together, at a fixed beat, so that other answers are not slower after one that found somebody.
- Nothing is stored of a request for an address that nobody is registered under.

Failure modes: a restart, a flood or an unavailable directory loses requests. The page says what to do then: ask again.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

import structlog

from services.admission.rate_limits import Limiter
from services.directory.person_fields import email_form
from services.directory.port import DirectoryError, Outbox

MOST_REQUESTS = 1_000  # at once; the networks that they come from are limited too
_log = structlog.get_logger("hallway.mail")


class LinkRequests:
    """Call ``run`` as a task. ``limiter``: by address. ``queued`` is called after a mail was queued.
    ``beat_s``: between two look-ups."""

    def __init__(self, outbox: Outbox, limiter: Limiter, queued: Callable[[], None], beat_s: float) -> None:
        self._outbox, self._limiter, self._queued, self._beat_s = outbox, limiter, queued, beat_s
        self._requests: deque[str] = deque()

    def add(self, email: str) -> None:
        """Takes a request; one too many is dropped."""
        if len(self._requests) < MOST_REQUESTS:
            self._requests.append(email_form(email))

    async def run(self) -> None:
        """Looks requests up at each beat; cancel it to stop."""
        while True:
            await asyncio.sleep(self._beat_s)
            requests = list(dict.fromkeys(self._requests))
            self._requests.clear()
            allowed = [email for email in requests if not self._limiter.wait(email)]
            found = await asyncio.to_thread(self._look_up, allowed) if allowed else 0
            if found:
                self._queued()

    def _look_up(self, emails: Iterable[str]) -> int:
        """How many of them led to a mail."""
        found = 0
        for email in emails:
            try:
                found += self._outbox.request_links(email)
            except DirectoryError as error:
                _log.warning("a request for a sign-in link was lost", error=type(error).__name__)
        return found
