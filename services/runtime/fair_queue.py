"""A queue that serves many senders in turn (round robin; Nagle, RFC 970).

Responsibility: the order. Each sender's items stay in order; senders take turns.
Why: a sender with many items delays only itself. A sender with one item waits for at most one item of each other
sender.
"""

from collections import OrderedDict, deque
from typing import Generic, TypeVar

T = TypeVar("T")


class FairQueue(Generic[T]):
    """Not thread-safe. The caller chooses the unit of the weights."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, deque[tuple[int, T]]] = OrderedDict()
        self._weights: dict[str, int] = {}
        self.weight = 0

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def weight_of(self, sender: str) -> int:
        """The total weight of a sender's items."""
        return self._weights.get(sender, 0)

    def add(self, sender: str, weight: int, item: T) -> None:
        """Appends an item to its sender's queue."""
        self._waiting.setdefault(sender, deque()).append((weight, item))
        self._weights[sender] = self.weight_of(sender) + weight
        self.weight += weight

    def first(self) -> tuple[int, T]:
        """The weight of the item that ``take`` returns next, and the item. The queue must not be empty."""
        return next(iter(self._waiting.values()))[0]

    def take(self) -> T:
        """Removes and returns the next item; its sender moves to the end of the turn."""
        sender, items = next(iter(self._waiting.items()))
        weight, item = items.popleft()
        self.weight -= weight
        self._weights[sender] -= weight
        self._waiting.move_to_end(sender)
        if not items:
            del self._waiting[sender], self._weights[sender]
        return item

    def clear(self) -> list[T]:
        """Removes and returns all items."""
        found = []
        while self:
            found.append(self.take())
        return found
