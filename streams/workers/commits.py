"""The offsets of each partition: up to where records are finished, and up to where that is committed.

Invariants: an offset is committed only when everything before it is finished. Nothing here advances by itself: the
handler reports what is finished, the consumer reports which commits succeeded.
Why: Faust commits what its streams acknowledge, also after an error in an agent and across gaps, and it treats a failed
commit as done. So Faust's acknowledgements count for nothing here.
"""

from streams.workers.frames import Partition


class Commits:
    """The offsets of the assigned partitions; each offset is that of the next record."""

    def __init__(self) -> None:
        self._safe: dict[Partition, int] = {}
        self._committed: dict[Partition, int] = {}

    def mark_safe(self, at: Partition, offset: int) -> None:
        """Everything before the offset is finished for good. The safe offset never decreases."""
        self._safe[at] = max(offset, self._safe.get(at, 0))

    def due(self, at: Partition) -> int | None:
        """The offset to commit; None if there is nothing new."""
        safe = self._safe.get(at)
        return None if safe is None or safe <= self._committed.get(at, 0) else safe

    def mark_committed(self, at: Partition, offset: int) -> None:
        """The broker has confirmed the commit."""
        if at in self._safe:
            self._committed[at] = max(offset, self._committed.get(at, 0))

    def due_partitions(self) -> list[Partition]:
        """The partitions with something to commit."""
        return [at for at in self._safe if self.due(at) is not None]

    def reset(self) -> None:
        """Starts a new assignment; handlers report again what is safe."""
        self._safe.clear()
        self._committed.clear()
