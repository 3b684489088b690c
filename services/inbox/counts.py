"""An organizer's numbers of the outputs.

Owns: what is counted, and how few are told. May never: carry a cause that is a private matter.
"""

from collections.abc import Mapping

from msgspec import Struct

from schemas.outputs import AnyOutput, MatchAgreed, MatchSuggested, MatchWithdrawn

FEW_PEOPLE = 5  # fewer are told as FEW
FEW = "<5"
ENDED = frozenset({"left", "expired"})  # withdrawals that an organizer's number counts; others are private matters
HELD_BACK = frozenset({"budget", "no_consent", "not_present"})  # why a pair is not suggested, as an organizer may know


class Totals(Struct, frozen=True):
    """Matches suggested (once more included), agreed, and ended because somebody left or lapsed. Exact."""

    suggested: int = 0
    agreed: int = 0
    ended: int = 0


def counted_as(output: AnyOutput) -> str | None:
    """The field of Totals that the output adds one to."""
    if isinstance(output, MatchSuggested):
        return "suggested"
    if isinstance(output, MatchAgreed):
        return "agreed"
    if isinstance(output, MatchWithdrawn) and output.cause in ENDED:
        return "ended"
    return None


class Organizer(Struct, frozen=True, kw_only=True):
    """An organizer's numbers. No sum over places: it would tell the one number that is held back."""

    people: dict[str, int | str]
    suggested: int | str
    agreed: int | str
    ended: int | str
    held_back: dict[str, int | str]


def told(count: int) -> int | str:
    """A number of people or of their matters as it may be shown."""
    return count if count >= FEW_PEOPLE else FEW


def organizer(people: Mapping[str, int], totals: Totals, held_back: Mapping[str, int]) -> Organizer:
    """What an organizer may see of the exact numbers; causes that are nobody's business are left out."""
    return Organizer(
        people={place: told(count) for place, count in sorted(people.items())},
        suggested=told(totals.suggested),
        agreed=told(totals.agreed),
        ended=told(totals.ended),
        held_back={cause: told(held_back[cause]) for cause in sorted(HELD_BACK & held_back.keys())},
    )
