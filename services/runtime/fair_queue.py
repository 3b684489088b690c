"""What many senders wait for, in turn: each sender's items in their order, and of the senders one after the other.

Responsibility: the order. Why: whoever brings much waits for itself; who brings one thing is served next but for one
item of each other sender (round robin; Nagle, RFC 970).
"""

from collections import OrderedDict, deque
from typing import Generic, TypeVar

T = TypeVar("T")


class FairQueue(Generic[T]):
    """Not safe for several threads at once; weights are in units of whoever puts things in."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, deque[tuple[int, T]]] = OrderedDict()
        self._weights: dict[str, int] = {}
        self.weight = 0

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def weight_of(self, sender: str) -> int:
        """Of all that this sender has here."""
        return self._weights.get(sender, 0)

    def add(self, sender: str, weight: int, item: T) -> None:
        """Behind what the sender has here."""
        self._waiting.setdefault(sender, deque()).append((weight, item))
        self._weights[sender] = self.weight_of(sender) + weight
        self.weight += weight

    def first(self) -> tuple[int, T]:
        """The weight of what ``take`` gives next, and itself. Only of a queue that is not empty."""
        return next(iter(self._waiting.values()))[0]

    def take(self) -> T:
        """The next one; its sender is then the last in turn."""
        sender, items = next(iter(self._waiting.items()))
        weight, item = items.popleft()
        self.weight -= weight
        self._weights[sender] -= weight
        self._waiting.move_to_end(sender)
        if not items:
            del self._waiting[sender], self._weights[sender]
        return item

    def clear(self) -> list[T]:
        """Takes everything."""
        found = []
        while self:
            found.append(self.take())
        return found
