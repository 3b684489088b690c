"""How many outputs of which kind there were, as the store keeps them beside the inboxes.

Owns: what is counted. May never: carry a cause that is a private matter.
"""

from msgspec import Struct

from schemas.outputs import AnyOutput, MatchAgreed, MatchSuggested, MatchWithdrawn

ENDED = frozenset({"left", "expired"})  # withdrawals that an organizer's number counts; others are private matters


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
