"""What may be committed of each partition: exactly that behind which nothing is unfinished.

Owns: the safe and the committed offset of each partition. May never: move by itself; whoever finished something says
so, and whoever committed says that it succeeded.
Theory: Faust commits what its streams acknowledged, also after an error in an agent, past gaps, and it takes a failed
commit for done. Here an acknowledgement of Faust's means nothing.
"""

from streams.workers.frames import Partition


class Commits:
    """The offsets of the partitions that are read now; each is that of the next record."""

    def __init__(self) -> None:
        self._safe: dict[Partition, int] = {}
        self._committed: dict[Partition, int] = {}

    def safe(self, at: Partition, offset: int) -> None:
        """All before the offset is finished for good. It never falls."""
        self._safe[at] = max(offset, self._safe.get(at, 0))

    def due(self, at: Partition) -> int | None:
        """The offset to commit, if there is one."""
        safe = self._safe.get(at)
        return None if safe is None or safe <= self._committed.get(at, 0) else safe

    def committed(self, at: Partition, offset: int) -> None:
        """The broker has it."""
        if at in self._safe:
            self._committed[at] = max(offset, self._committed.get(at, 0))

    def partitions(self) -> list[Partition]:
        """Those of which something is to be committed."""
        return [at for at in self._safe if self.due(at) is not None]

    def forget(self) -> None:
        """A new assignment begins: what was safe before is said again."""
        self._safe.clear()
        self._committed.clear()
