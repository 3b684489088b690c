"""The port for erasure: erasures under way, the tombstones that they leave, and the keys of dead letters."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from schemas.outputs import DeadLetter
from services.directory.port.values import Erased, LetterKey


class Erasure(Protocol):
    """Erases people; what was erased here stays noted until everybody else has erased too."""

    def erase(self, conference: str, attendees: Sequence[str]) -> list[Erased]:
        """Erases these people; again for those erased before is no harm.

        DirectoryBusyError: taken out, but old bytes are left because somebody reads the file; ``finish`` again.
        """

    def finish(self) -> None:
        """Takes out the posts of whoever is noted, and cleans all files."""

    def pending(self) -> list[Erased]:
        """The erasures that were not confirmed yet, to be repeated everywhere else after a crash."""

    def confirm(self, conference: str, attendee: str) -> None:
        """Everything else has erased too: the note goes. ``attendee`` is empty for a whole conference."""


class Tombstones(Protocol):
    """Who was erased here once, known by keyed digests of their address and accounts."""

    def prepare_all(self, conference: str, barred_by: Mapping[str, Collection[str]], claims_bind: bool) -> None:
        """Before the log has the erasure of these attendees, for after it nobody knows who barred them; again is no
        harm. ``claims_bind``: the conference counts accounts as they are claimed."""

    def find(self, conference: str, texts: Iterable[str]) -> set[str]:
        """Those of these addresses and accounts that somebody had who was erased here."""

    def find_blockers(self, conference: str, texts: Iterable[str], others: Iterable[str]) -> list[str]:
        """Those of the others who had barred whoever had one of these addresses and proved accounts; sorted."""

    def waiting_accounts(self, conference: str, attendee: str) -> tuple[str, ...] | None:
        """The accounts of somebody who waits for their own word; None: this one does not."""

    def end_waiting(self, conference: str, attendees: Collection[str]) -> None:
        """They are in the log, or nowhere."""


class DeadLetterKeys(Protocol):
    """Keys, and dead letters under them: who loses the key loses the letters, wherever copies of them lie."""

    def seal(self, letters: Sequence[DeadLetter]) -> list[bytes]:
        """The letters as lines, sealed; their keys are on the disk. In a thread."""

    def unseal(self, letter: DeadLetter) -> DeadLetter | None:
        """The letter as it was; None: its key is gone. What was never sealed is as it is."""

    def has(self, name: str) -> bool:
        """Whether letters under this key can be opened."""

    def all(self) -> list[LetterKey]:
        """All keys."""

    def delete(self, names: Collection[str]) -> None:
        """What is sealed with these cannot be read any more; their bytes go with the next cleaning."""
