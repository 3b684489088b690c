"""Converts badge contacts to a day of check-ins: ``python -m services.tools.demo.badge_import contacts.csv.gz``.

Responsibility: guessing where people were from who stood with whom. The demo only reads the resulting file.
Why: badges hear each other within one or two metres and know no rooms. People who hear one another in the same ten
minutes, directly or through others, form a cluster. A cluster of fifty or more is a break, and everyone in it is in the
foyer. Any other cluster is where most of its people were before, each place taken by one cluster at a time, the largest
first; a cluster of newcomers takes the emptiest place. A person's first contact is the arrival (at the welcome desk,
unless a cluster says more); who has no contact in the last hours left after the last one.
Numbers: two contacts make a pair (one is passing by), three people a cluster (two may be anywhere); nobody moves twice
in 15 minutes, because clusters that touch briefly would throw people about.
"""

import csv
import gzip
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from services.tools.demo.badges import FILE, GONE, BadgeDay, packed

Contact = tuple[int, int, int]  # second, a, b

PLACES = (
    "Welcome Desk", "Foyer", "Coffee Bar", "Poster Wall", "Room 1", "Room 2", "Gallery", "Terrace", "Auditorium",
    "Book Table", "Room 3", "Help Desk", "Lounge", "Library",
)  # fmt: skip
DESK, FOYER, FIRST_ROOM = 0, 1, 2
DAY_S, FRAME_S, REST_S = 86_400, 600, 900
PAIR_CONTACTS, CLUSTER_PEOPLE, CROWD_PEOPLE = 2, 3, 50
STAYS_FROM_S = 17 * 3_600  # who is seen after that stays to the end
LEAVES_S = 300  # after the last contact


def contacts_in(path: Path) -> list[Contact]:
    """The first day of a file with the columns t (seconds since its midnight), a and b, people by number."""
    with gzip.open(path, "rt", newline="") as file:
        rows = [(int(row["t"]), int(row["a"]), int(row["b"])) for row in csv.DictReader(file)]
    seen: dict[int, int] = {}
    found = [(t, *sorted((a, b))) for t, a, b in sorted(rows) if t < DAY_S]
    for _, a, b in found:
        seen.setdefault(a, len(seen))
        seen.setdefault(b, len(seen))
    return [(t, min(seen[a], seen[b]), max(seen[a], seen[b])) for t, a, b in found]


def derive_day(contacts: Iterable[Contact]) -> BadgeDay:
    """The day that these contacts tell of."""
    found = sorted(contacts)
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for t, a, b in found:
        for person in (a, b):
            first.setdefault(person, t)
            last[person] = t
    moves = list(_Floor(first).moves(found))
    moves += [(t + LEAVES_S, person, GONE) for person, t in last.items() if t < STAYS_FROM_S]
    pairs = Counter((a, b) for _, a, b in found)
    return BadgeDay(
        people=len(first),
        places=PLACES,
        moves=tuple(sorted(moves)),
        contacts=tuple((a, b, times) for (a, b), times in sorted(pairs.items())),
    )


class _Floor:
    """Who is where, from one ten minutes to the next. ``first``: when each was heard first."""

    def __init__(self, first: dict[int, int]) -> None:
        self._first = first
        self._at: dict[int, int] = {}
        self._moved: dict[int, int] = {}

    def moves(self, contacts: list[Contact]) -> Iterator[tuple[int, int, int]]:
        """All arrivals and moves, in no order within ten minutes."""
        frames: dict[int, list[Contact]] = defaultdict(list)
        for contact in contacts:
            frames[contact[0] // FRAME_S].append(contact)
        for frame in sorted(frames):
            yield from self._frame(frames[frame])

    def _frame(self, contacts: list[Contact]) -> Iterator[tuple[int, int, int]]:
        heard: dict[int, int] = {}
        for t, a, b in contacts:
            heard.setdefault(a, t)
            heard.setdefault(b, t)
        placed = self._assign_places(_clusters(contacts))
        for person, t in heard.items():
            comes = self._first[person] == t
            place = placed.get(person, DESK if comes else None)
            rested = t - self._moved.get(person, -REST_S) >= REST_S
            if place is not None and place != self._at.get(person) and rested:
                self._at[person], self._moved[person] = place, t
                yield t, person, place

    def _assign_places(self, clusters: list[list[int]]) -> dict[int, int]:
        taken: set[int] = set()
        placed: dict[int, int] = {}
        for cluster in clusters:
            place = FOYER if len(cluster) >= CROWD_PEOPLE else self._place(cluster, taken)
            if place is None:
                continue  # more groups than places: they stand in a corridor
            if place != FOYER:
                taken.add(place)
            placed |= dict.fromkeys(cluster, place)
        return placed

    def _place(self, cluster: list[int], taken: set[int]) -> int | None:
        votes = Counter(self._at.get(person, DESK) for person in cluster)
        voted = [place for place in votes if place >= FIRST_ROOM and place not in taken]
        if voted:
            return min(voted, key=lambda place: (-votes[place], place))
        people = Counter(self._at.values())
        free = [place for place in range(FIRST_ROOM, len(PLACES)) if place not in taken]
        return min(free, key=lambda place: (people[place], place), default=None)


def _clusters(contacts: list[Contact]) -> list[list[int]]:
    """Who hangs together, the largest first."""
    parent: dict[int, int] = {}

    def root(person: int) -> int:
        parent.setdefault(person, person)
        while parent[person] != person:
            parent[person] = parent[parent[person]]
            person = parent[person]
        return person

    for (a, b), times in sorted(Counter((a, b) for _, a, b in contacts).items()):
        if times >= PAIR_CONTACTS:
            parent[root(a)] = root(b)
    found: dict[int, list[int]] = defaultdict(list)
    for person in sorted(parent):
        found[root(person)].append(person)
    return sorted((each for each in found.values() if len(each) >= CLUSTER_PEOPLE), key=lambda each: (-len(each), each))


if __name__ == "__main__":
    FILE.write_bytes(packed(derive_day(contacts_in(Path(sys.argv[1])))))
