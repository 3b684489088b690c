"""Remembers which accounts each sender has named, because naming one for the first time costs rate limit.

Invariants: what a sender pays depends only on that sender's own events. Memory is bounded: the sender that was quiet
for longest is forgotten first, and then pays again.
Why: charging for accounts that are new to the server would reveal which accounts it knows already: who is registered
here without a post, or whom somebody blocked.
"""

from collections import OrderedDict
from collections.abc import Collection

MOST_NAMED = 500_000  # in all, about 35 MB


class NamedAccounts:
    """Used on the event loop."""

    def __init__(self, most: int = MOST_NAMED) -> None:
        self._most, self._count = most, 0
        self._of: OrderedDict[str, set[int]] = OrderedDict()

    def __len__(self) -> int:
        return self._count

    def unnamed(self, sender: str, accounts: Collection[str]) -> set[int]:
        """Hashes of the accounts that this sender has not named before; pass them to ``note``."""
        return {hash(account) for account in accounts} - self._of.get(sender, set())

    def note(self, sender: str, unnamed: set[int]) -> None:
        """Remembers accounts that the sender has paid for."""
        own = self._of.setdefault(sender, set())
        self._of.move_to_end(sender)
        self._count += len(unnamed - own)
        own |= unnamed
        while self._count > self._most:
            _, oldest = self._of.popitem(last=False)
            self._count -= len(oldest)
