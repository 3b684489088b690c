"""Rate limits: a token bucket for each sender.

Invariants: the clock is an argument, and memory is bounded.
Why: a bucket holds ``burst`` and regains ``per_minute`` each minute; a sender whose bucket is empty waits. It is stored
as the moment at which it would be full, in whole microseconds (GCRA): one number for each sender. At the limit the
bucket unused for longest is dropped, which is mostly a full one; a sender could exploit that only with as many keys or
addresses.
Rejected: ``limits`` (no injected clock, windows instead of buckets), ``pyrate-limiter`` (a thread; ten times the code).
"""

import ipaddress
from collections import OrderedDict
from collections.abc import Callable

from msgspec import Struct

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
MOST_SENDERS = 100_000  # about 15 MB


class Rate(Struct, frozen=True):
    """``burst`` at once, then ``per_minute``. ``what``: the things that are counted, in the plural, for messages."""

    burst: int
    per_minute: int
    what: str = "requests"


# Generous for a person and a scanner, narrow where guessing would pay. All but the last ones are by sender: an
# attendee, an organizer or a connector, across all of its keys and sessions.
RATES: dict[str, Rate] = {
    "attendee": Rate(burst=60, per_minute=60),
    "organizer": Rate(burst=5_000, per_minute=30_000),
    "connector": Rate(
        burst=100_000, per_minute=3_000_000, what="events"
    ),  # what the log cannot absorb stays with the sender
    "scanner": Rate(burst=20_000, per_minute=30_000, what="check-ins"),  # of all scanners of a conference together
    "operator": Rate(burst=600, per_minute=600),
    "upload": Rate(burst=50_000, per_minute=50, what="posts"),  # an archive once, then what one person posts
    # Bytes sent, in KiB: they stay on the disk.
    "attendee_kib": Rate(burst=32 * 1024, per_minute=64, what="KiB"),
    "organizer_kib": Rate(burst=64 * 1024, per_minute=16 * 1024, what="KiB"),
    "connector_kib": Rate(burst=256 * 1024, per_minute=1_500_000, what="KiB"),
    "scanner_kib": Rate(burst=16 * 1024, per_minute=16 * 1024, what="KiB"),
    "operator_kib": Rate(burst=64 * 1024, per_minute=16 * 1024, what="KiB"),
    # Each account may become a row that stays for as long as evidence counts. A connector pays for those that nobody
    # named before, the others for those that they have not named before: they must not learn what others named.
    "attendee_accounts": Rate(burst=5_000, per_minute=5, what="accounts that you did not name before"),
    "organizer_accounts": Rate(burst=100_000, per_minute=5_000, what="accounts that you did not name before"),
    "connector_accounts": Rate(burst=500_000, per_minute=60_000, what="accounts that are new here"),
    # Check-ins of unregistered tickets, by sender: stored for as long as the conference, about 1 kB each.
    "unknown_tickets": Rate(burst=20_000, per_minute=600, what="check-ins of tickets that nobody is registered under"),
    "scanner_key": Rate(burst=50, per_minute=1, what="new keys"),  # of an organizer
    "opening": Rate(burst=20, per_minute=1, what="new conferences"),  # of an organizer
    "sign_in": Rate(burst=10, per_minute=10),  # links and keys that were not good, by address
    "device_link": Rate(burst=10, per_minute=1),  # links for another device, by attendee
    "anonymous": Rate(burst=6_000, per_minute=12_000),  # by address: a hall full of phones may share one
    "mail": Rate(burst=60, per_minute=30),  # links asked for by mail, by address: a hall full of phones may share one
    "mail_address": Rate(burst=2, per_minute=1, what="mails"),  # the same by mail address; nobody is told
    "mailing": Rate(burst=100_000, per_minute=60, what="mails"),  # by organizer: the largest conference at once
}


_NOWHERE = "no address"  # all clients with an unreadable address share a bucket


def network_of(address: str) -> str:
    """The key of an unauthenticated client: the IPv4 address, or the /64 of an IPv6 address, which is one client's."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return _NOWHERE
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))


class Limiter:
    """Buckets of one rate. ``clock`` counts microseconds and never goes back."""

    def __init__(self, rate: Rate, clock: Callable[[], int], most: int = MOST_SENDERS) -> None:
        assert rate.burst > 0
        assert 0 < rate.per_minute <= MINUTE_US
        self._clock, self._most, self._burst = clock, most, rate.burst
        self._each = -(-MINUTE_US // rate.per_minute)  # microseconds until one more is in the bucket
        self._full_at: OrderedDict[str, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at)

    def wait(self, sender: str, cost: int = 1) -> int:
        """Charges the cost and returns 0, or charges nothing and returns the seconds to wait (``Retry-After``).

        The cost is at most the burst. A cost of 0 waits only until a debt of ``owe`` is paid.
        """
        assert 0 <= cost <= self._burst
        now = self._clock()
        before = max(now, self._full_at.pop(sender, now))
        after = before + cost * self._each
        over = after - now - self._burst * self._each
        self._store(sender, before if over > 0 else after)
        return max(0, -(-over // SECOND_US))

    def owe(self, sender: str, cost: int) -> None:
        """Charges a cost that is known only afterwards, if need be as a debt of up to one more burst."""
        assert cost > 0
        now = self._clock()
        before = max(now, self._full_at.pop(sender, now))
        self._store(sender, min(before + cost * self._each, now + 2 * self._burst * self._each))

    def _store(self, sender: str, full_at: int) -> None:
        self._full_at[sender] = full_at
        if len(self._full_at) > self._most:
            self._full_at.popitem(last=False)
