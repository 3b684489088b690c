"""Erases a person from the dead letters: the letters that may name them lose their key, whatever their bytes are.

Invariants: no letter of the conference, or without a conference but from a sender who brings events for it, is readable
afterwards if it is from the day of the person's registration or later. The work is bounded by the stored bytes,
whatever they contain.
Why: bytes that could not be parsed can spell a name in unforeseeable ways. In addition, letters of other conferences in
which a name appears plainly are deleted too, after a linear search. A few letters too many are acceptable: their
senders learned at once that the events were rejected, and an organizer is told how many letters were removed.
"""

from base64 import b64decode
from collections.abc import Callable, Collection, Iterable, Iterator

import msgspec

from schemas.names import spellings
from schemas.outputs import DeadLetter
from services.directory.port import Directory, Grant
from services.journal import Journal

UNSEALED = ""  # the journal's name for letters from before sealing: the first erasure deletes them
_BATCH_LETTERS = 100  # letters in memory, each at most 90 kB
MOST_MATCHES = 20  # occurrences of a name within other words; a text with more of them is deleted
_OF_A_WORD = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789_")
Owned = Callable[[str], Collection[str]]


def erase_dead_letters(
    directory: Directory, journal: Journal, conference: str, attendees: Iterable[str], owned: Owned
) -> int:
    """Erases the letters that may name any of these attendees; returns how many. Call it before the directory erases
    them.

    ``owned``: the conferences that an organizer owns.
    """
    attendees = list(attendees)
    since = min((directory.people.since(conference, attendee) for attendee in attendees), default=0)
    names = {name for attendee in attendees for name in _names(directory, conference, attendee)}
    keys = [key for key in directory.letter_keys.all() if key.day >= since]
    seals = {key.name for key in keys if key.conference == conference}
    senders = {key.sender for key in keys if key.sender}
    reach = {sender for sender in senders if _reaches(directory, sender, conference, owned)}
    seals |= {key.name for key in keys if key.sender in reach}
    directory.letter_keys.delete(seals)
    numbers = journal.dead_letters_sealed_with({UNSEALED, *seals})
    return journal.erase_dead_letters([*numbers, *_naming(directory, journal, names)])


def erase_conference_dead_letters(directory: Directory, journal: Journal, conference: str) -> int:
    """Erases all dead letters of a conference; returns how many."""
    seals = {key.name for key in directory.letter_keys.all() if key.conference == conference}
    directory.letter_keys.delete(seals)
    return journal.erase_dead_letters(journal.dead_letters_sealed_with({UNSEALED, *seals}))


def _reaches(directory: Directory, source: str, conference: str, owned: Owned) -> bool:
    """Whether a sender may send events of this conference, so that a letter without a conference may be about it."""
    role, _, name = source.partition(":")
    if role == "organizer" and conference in owned(name):
        return True
    if role not in ("organizer", "connector"):
        return True
    grants = [
        grant for grant, _, _ in directory.keys.grants_of("organizer" if role == "organizer" else "connector", name)
    ]
    return not grants or any(_is_for(grant, conference) for grant in grants)


def _is_for(grant: Grant, conference: str) -> bool:
    everywhere = grant.role == "connector" and not grant.conferences  # it sends posts of anybody
    return everywhere or conference in grant.conferences


def _names(directory: Directory, conference: str, attendee: str) -> Iterator[bytes]:
    person = directory.people.get(conference, attendee)
    accounts = directory.accounts.ever_had(conference, attendee)
    known = [attendee, *directory.accounts.held_by(conference, attendee), person.email if person else ""]
    known += [spelling for account in accounts for spelling in spellings(account)]
    yield from (name.lower().encode() for name in known if name)


def _naming(directory: Directory, journal: Journal, names: Collection[bytes]) -> Iterator[int]:
    after = 0
    while found := journal.dead_letters(after, _BATCH_LETTERS):
        for each in found:
            after = each.number
            letter = directory.letter_keys.unseal(msgspec.json.decode(each.line, type=DeadLetter))
            if letter is None or any(_contains_word(b64decode(letter.bytes).lower(), name) for name in names):
                yield each.number


def _contains_word(text: bytes, name: bytes) -> bool:
    """Whether a text contains a name as a separate word. Linear in the text."""
    at = -1
    for _ in range(MOST_MATCHES):
        at = text.find(name, at + 1)
        if at < 0:
            return False
        around = text[at - 1 : at] if at else b"", text[at + len(name) : at + len(name) + 1]
        if not any(sign and sign[0] in _OF_A_WORD for sign in around):
            return True
    return True
