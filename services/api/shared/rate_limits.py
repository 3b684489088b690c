"""The server's rate limits: one token bucket for each rate and sender.

Responsibility: the buckets of one server, and the error for a sender whose bucket is empty.
"""

import time
from collections.abc import Mapping

from services.admission.rate_limits import Limiter, Rate
from services.api.shared.problems import ProblemError


def _microseconds() -> int:
    return time.monotonic_ns() // 1_000


class RateLimits:
    """``rates`` by name, as in ``services.admission.rate_limits``."""

    def __init__(self, rates: Mapping[str, Rate]) -> None:
        self._rates = rates
        self._limiters = {name: Limiter(rate, _microseconds) for name, rate in rates.items()}

    def charge(self, rate: str, who: str, cost: int = 1) -> None:
        """Charges the sender's bucket. ProblemError 429 says which budget is used up, and how long to wait."""
        bound = self._rates[rate]
        wait_s = self._limiters[rate].wait(who, min(cost, bound.burst))
        if wait_s:
            said = f"{bound.burst:,} {bound.what} at once, then {bound.per_minute:,} a minute"
            detail = f"Too many requests. The budget {rate} is used up: {said}. Wait {wait_s} s, then continue."
            raise ProblemError(429, "rate", detail, retry_s=wait_s)

    def owe(self, rate: str, who: str, cost: int) -> None:
        """Charges a cost that is known only afterwards; the next charge, even of 0, waits until it is paid."""
        self._limiters[rate].owe(who, cost)
