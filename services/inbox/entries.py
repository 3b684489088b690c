"""What a delivery writes: one entry for each attendee in an output's ``to``.

Owns: the plan that both stores carry out. May never: know how a store keeps it.
Theory: of a person who is erased nothing is written, and of a match with them others get nothing but its withdrawal:
what stays after ``erase``, and what a rebuild makes when the erased are known, is the same.
"""

from collections.abc import AsyncIterable, AsyncIterator, Collection, Iterable, Sequence

from msgspec import Struct

from schemas.outputs import AnyOutput, MatchAgreed, MatchLocated, MatchSuggested
from services.inbox.counts import counted_as
from services.inbox.position import order
from services.inbox.view import attendee_view, other_of, written

SUGGESTED, WITHDRAWN = "suggested", "withdrawn"


class NewEntry(Struct, frozen=True, gc=False):
    """An entry for one attendee's inbox; ``kind`` is the view's."""

    attendee: str
    other: str
    match: str
    kind: str
    view: bytes


class Delivery(Struct, frozen=True, gc=False):
    """What one output writes. ``counts``: the number of Totals that it raises."""

    position: str
    counts: str | None
    entries: tuple[NewEntry, ...]


def delivery_of(output: AnyOutput, erased: Collection[str] = ()) -> Delivery:
    """The entries of one output; none for or about the erased, but that a match with them is over."""
    kind = kind_of(output)
    entries = [
        NewEntry(attendee, other, output.match, kind, written(attendee_view(output, attendee)))
        for attendee in output.to
        if attendee not in erased and ((other := other_of(output, attendee)) not in erased or kind == WITHDRAWN)
    ]
    return Delivery(output.position, counted_as(output), tuple(entries))


def kind_of(output: AnyOutput) -> str:
    """The kind of view that the output gives."""
    if isinstance(output, MatchSuggested):
        return SUGGESTED
    if isinstance(output, MatchAgreed):
        return "agreed"
    return "located" if isinstance(output, MatchLocated) else WITHDRAWN


def check_ascending(outputs: Sequence[AnyOutput]) -> None:
    """Outputs come in the order of the log; the first record of a log puts nothing out, so 0-0 is none."""
    at = (0, 0)
    for output in outputs:
        before, at = at, order(output.position)
        assert before < at, f"the output {output.position} does not come after {before}"


async def batches(outputs: Iterable[AnyOutput] | AsyncIterable[AnyOutput], most: int) -> AsyncIterator[list[AnyOutput]]:
    """The outputs in lists of at most that many."""
    batch: list[AnyOutput] = []
    async for output in _each(outputs):
        batch.append(output)
        if len(batch) == most:
            yield batch
            batch = []
    if batch:
        yield batch


async def _each(outputs: Iterable[AnyOutput] | AsyncIterable[AnyOutput]) -> AsyncIterator[AnyOutput]:
    if isinstance(outputs, AsyncIterable):
        async for output in outputs:
            yield output
    else:
        for output in outputs:
            yield output
