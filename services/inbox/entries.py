"""What a delivery writes, one entry for each attendee in an output's ``to``; and an entry as its attendee may read it.

Responsibility: the plan that both stores carry out.
Invariants: for an erased attendee nothing is written. What others got about an erased attendee keeps its number and has
no content: so ``erase``, a delivery that comes after it and a rebuild give the same inbox, and nobody's numbers shift.
An entry without content reads as a withdrawal. A card that is over has no content either, whatever ended it: so all
ends look alike, also to who comes back later.
"""

from collections.abc import AsyncIterable, AsyncIterator, Collection, Iterable, Sequence

from msgspec import Struct

from schemas.outputs import AnyOutput, MatchAgreed, MatchLocated, MatchSuggested
from services.inbox.port import Entry
from services.inbox.position import order
from services.inbox.view import Withdrawn, attendee_view, other_of, written

SUGGESTED, WITHDRAWN = "suggested", "withdrawn"


class NewEntry(Struct, frozen=True, gc=False):
    """An entry for one attendee's inbox; ``kind`` is the view's. About an erased one: no ``other``, no ``view``."""

    attendee: str
    other: str
    match: str
    kind: str
    view: bytes


class Delivery(Struct, frozen=True, gc=False):
    """What one output writes."""

    position: str
    entries: tuple[NewEntry, ...]


def delivery_of(output: AnyOutput, erased: Collection[str] = ()) -> Delivery:
    """The entries of one output: none for the erased, and none with any content about them."""
    entries = [_entry_of(output, attendee, erased) for attendee in output.to if attendee not in erased]
    return Delivery(output.position, tuple(entries))


def _entry_of(output: AnyOutput, attendee: str, erased: Collection[str]) -> NewEntry:
    kind, other = kind_of(output), other_of(output, attendee)
    if other in erased:
        return NewEntry(attendee, "", output.match, kind, b"")
    return NewEntry(attendee, other, output.match, kind, written(attendee_view(output, attendee)))


def readable(position: str, cursor: int, kind: str, match: str, content: tuple[bytes, str] | None) -> Entry:
    """An entry as its attendee may read it now. ``content``: (view, other) where there still is some."""
    if kind == WITHDRAWN or content is None:
        return Entry(position, cursor, written(Withdrawn(card=match)), WITHDRAWN, match, None)
    view, other = content
    return Entry(position, cursor, view, kind, match, other)


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
