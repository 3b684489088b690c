"""Stories of a small conference, drawn from a seed: what everybody does in the open, and where others may do something
in private towards ada, which is left open to be filled in.

Responsibility: what happens and when; not what comes of it.
Why these bounds: the law holds as long as a card lasts, so a story ends before a pair can be suggested once more (4
hours after an end); nobody's budget binds; and an agreement is no private matter: whether one comes is in the story.
Towards ada each of the others is of one kind:

    free       ada never says yes: the other may do anything, a yes too
    unheard    ada may say yes: the other may do anything but say yes
    agreeing   both say yes; what the other says before that may be anything but a decline or a block
"""

import random
from dataclasses import dataclass, field
from typing import Literal

from schemas.times import MINUTE_MS
from tests.private.hall import PLACES

WATCHED = "ada"
OTHERS = ("bob", "cy", "dee", "eve")
STEPS = 26  # or two more
MOST_MINUTES = 8  # between two steps: 3 h 44 min in all
Kind = Literal["free", "unheard", "agreeing"]
SAYS = ("later", "later", "met", "not_met", "here")
FILLINGS: dict[Kind, tuple[str, ...]] = {
    "free": ("nothing", "accepted", "declined", *SAYS, "block", "block account", "unblock", "unblock account"),
    "unheard": ("nothing", "declined", *SAYS, "block", "block account", "unblock", "unblock account"),
    "agreeing": ("nothing", *SAYS),
}
ADA_SAYS: dict[Kind, tuple[str, ...]] = {
    "free": ("later", "later", "met", "not_met", "here", "declined"),
    "unheard": ("accepted", "later", "met", "not_met", "here", "declined"),
    "agreeing": ("later", "met", "not_met", "here"),
}


@dataclass(frozen=True)
class Step:
    """``who`` does ``what`` (towards ``whom``) that long (ms) after the step before."""

    after_ms: int
    who: str
    what: str
    whom: str = ""
    place: str = ""


@dataclass(frozen=True)
class Slot:
    """Where the other may do something in private towards ada."""

    after_ms: int
    who: str
    fillings: tuple[str, ...]


@dataclass
class Story:
    """``ties``: pairs who know each other, and how many more posts there are between them."""

    seed: int
    kinds: dict[str, Kind]
    ties: list[tuple[str, str, int]] = field(default_factory=list)
    steps: list[Step | Slot] = field(default_factory=list)

    def filled(self, way: int) -> list[Step]:
        """The story with one way to fill the slots; its seed and the way say which."""
        chance = random.Random(f"{self.seed} {way}")
        return [step if isinstance(step, Step) else _filled(step, chance) for step in self.steps]


def _filled(slot: Slot, chance: random.Random) -> Step:
    return Step(slot.after_ms, slot.who, f"~{chance.choice(slot.fillings)}", WATCHED)


def story(seed: int) -> Story:
    """The same for the same seed."""
    chance = random.Random(seed)
    kinds: dict[str, Kind] = {who: chance.choice(("free", "free", "unheard", "agreeing")) for who in OTHERS}
    made = Story(seed, kinds)
    made.ties = [(WATCHED, who, chance.randrange(4)) for who in OTHERS if chance.random() < 0.8]
    made.ties += [("bob", "cy", 1), ("dee", "eve", 0)]
    arriving = [WATCHED, *OTHERS]
    chance.shuffle(arriving)
    made.steps = [Step(_while(chance, 3), who, "arrives", place=chance.choice(PLACES)) for who in arriving]
    agreeing = [who for who in OTHERS if kinds[who] == "agreeing"]
    while len(made.steps) < STEPS:
        if agreeing and chance.random() < 0.15:
            made.steps += _agreement(chance, agreeing.pop())
        else:
            made.steps.append(_next(chance, kinds, agreeing))
    return made


def _agreement(chance: random.Random, who: str) -> list[Step | Slot]:
    """Both say yes, one after the other; the second may be asked for something in private in between."""
    ada = Step(_while(chance, MOST_MINUTES), WATCHED, "accepted", who)
    other = Step(_while(chance, MOST_MINUTES), who, "agrees with", WATCHED)
    if chance.random() < 0.5:
        return [other, ada]
    return [ada, Slot(_while(chance, MOST_MINUTES), who, FILLINGS["agreeing"]), other]


def _while(chance: random.Random, minutes: int) -> int:
    return chance.randint(0, minutes * MINUTE_MS)


def _next(chance: random.Random, kinds: dict[str, Kind], agreeing: list[str]) -> Step | Slot:
    after_ms, who = _while(chance, MOST_MINUTES), chance.choice(OTHERS)
    kind = kinds[who]
    drawn = chance.random()
    if drawn < 0.45:
        return Slot(after_ms, who, FILLINGS[kind] if kind != "agreeing" or who in agreeing else ("nothing",))
    if drawn < 0.65:
        return Step(after_ms, WATCHED, chance.choice(ADA_SAYS[kind]), who, chance.choice(PLACES))
    if drawn < 0.76:
        return Step(after_ms, WATCHED, chance.choice(("block", "unblock")), who)
    if drawn < 0.80:
        return Step(after_ms, WATCHED, "block account", who)
    anyone = chance.choice((WATCHED, *OTHERS))
    if drawn < 0.90:
        return Step(after_ms, anyone, "arrives", place=chance.choice(PLACES))
    ending = ("leaves", "leaves", "pauses", "pauses", "is erased", "loses the account", "shares", "hides")
    return Step(after_ms, who if drawn < 0.97 else anyone, chance.choice(ending[: 4 if anyone == WATCHED else None]))
