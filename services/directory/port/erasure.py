"""The port for erasure: erasures under way, the tombstones that they leave, and the keys of dead letters."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from schemas.outputs import DeadLetter
from services.directory.port.values import Erased, LetterKey


class Erasure(Protocol):
    """Erases people. An erasure stays noted until the person is erased everywhere else too."""

    def erase(self, conference: str, attendees: Sequence[str]) -> list[Erased]:
        """Deletes these people's rows; repeating it is harmless. ``finish`` or ``confirm`` removes their bytes."""

    def finish(self) -> None:
        """Deletes the posts of all noted people, and cleans all files. DirectoryBusyError: call it again."""

    def pending(self) -> list[Erased]:
        """The erasures that are not confirmed yet, to be repeated everywhere else after a crash."""

    def confirm(self, conference: str, *attendees: str) -> None:
        """Deletes the notes of erasures that are complete everywhere, and the bytes of these people. The attendee is
        empty for a whole conference. DirectoryBusyError: a reader keeps old bytes in the file; call ``finish``."""


class Tombstones(Protocol):
    """Erased people, recognized by keyed digests of their e-mail address and accounts."""

    def prepare_all(self, conference: str, barred_by: Mapping[str, Collection[str]], claims_bind: bool) -> None:
        """Records who had blocked these attendees, before the log has their erasure and nobody knows it any more.
        Repeating it is harmless. ``claims_bind``: the conference counts claimed accounts."""

    def find(self, conference: str, texts: Iterable[str]) -> set[str]:
        """The addresses and accounts among these that an erased person of this conference had."""

    def find_blockers(self, conference: str, texts: Iterable[str], others: Iterable[str]) -> list[str]:
        """The ids among ``others`` who had blocked an erased person with one of these addresses or accounts; sorted."""

    def waiting_accounts(self, conference: str, attendee: str) -> tuple[str, ...] | None:
        """The accounts of an attendee who has not confirmed yet; None for any other."""

    def end_waiting(self, conference: str, attendees: Collection[str]) -> None:
        """Ends the waiting of attendees who are in the log now, or were removed."""


class DeadLetterKeys(Protocol):
    """Keys of dead letters. Deleting a key makes its letters unreadable, wherever copies of them are."""

    def seal(self, letters: Sequence[DeadLetter]) -> list[bytes]:
        """The letters as sealed lines; their keys are durable on return. Call it in a thread."""

    def unseal(self, letter: DeadLetter) -> DeadLetter | None:
        """The letter as it was; None where its key was deleted. A letter that was never sealed is returned as it is."""

    def has(self, name: str) -> bool:
        """Whether letters under this key can be opened."""

    def all(self) -> list[LetterKey]:
        """All keys."""

    def delete(self, names: Collection[str]) -> None:
        """Deletes keys, so that their letters cannot be read any more; the bytes go with the next cleaning."""
