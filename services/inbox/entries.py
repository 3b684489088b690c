"""Plans what a delivery writes (one entry per attendee in an output's ``to``), and how an attendee reads an entry
later.

Responsibility: the plan that both stores carry out.
Invariants: nothing is written for an erased attendee. An entry about an erased attendee keeps its number but has no
content, so ``erase``, a later delivery and a rebuild give the same inbox, and nobody's numbers shift. An entry without
content reads as a withdrawal. A card that is over has no content either, whatever ended it: all ends look alike.
"""

from collections.abc import AsyncIterable, AsyncIterator, Collection, Iterable, Sequence

from msgspec import Struct

from schemas.outputs import AnyOutput, MatchAgreed, MatchLocated, MatchSuggested
from schemas.position import Position
from services.inbox.port import Entry
from services.inbox.view import Withdrawn, build_view, encode_view, other_attendee

SUGGESTED, WITHDRAWN = "suggested", "withdrawn"


class NewEntry(Struct, frozen=True, gc=False):
    """An entry for one attendee's inbox; ``kind`` is the view's. If the other is erased, ``other`` and ``view``
    are empty.
    """

    attendee: str
    other: str
    match: str
    kind: str
    view: bytes


class PlannedDelivery(Struct, frozen=True, gc=False):
    """The entries that one output writes."""

    position: str
    entries: tuple[NewEntry, ...]


def plan_delivery(output: AnyOutput, erased: Collection[str] = ()) -> PlannedDelivery:
    """Plans the entries of one output: none for erased attendees, and none with content about them."""
    entries = [_entry_of(output, attendee, erased) for attendee in output.to if attendee not in erased]
    return PlannedDelivery(output.position, tuple(entries))


def _entry_of(output: AnyOutput, attendee: str, erased: Collection[str]) -> NewEntry:
    kind, other = view_kind(output), other_attendee(output, attendee)
    if other in erased:
        return NewEntry(attendee, "", output.match, kind, b"")
    return NewEntry(attendee, other, output.match, kind, encode_view(build_view(output, attendee)))


def readable_entry(position: str, cursor: int, kind: str, match: str, content: tuple[bytes, str] | None) -> Entry:
    """An entry as its attendee may read it now. ``content``: (view, other); None: removed."""
    if kind == WITHDRAWN or content is None:
        return Entry(position, cursor, encode_view(Withdrawn(card=match)), WITHDRAWN, match, None)
    view, other = content
    return Entry(position, cursor, view, kind, match, other)


def view_kind(output: AnyOutput) -> str:
    """The kind of view that an output produces."""
    if isinstance(output, MatchSuggested):
        return SUGGESTED
    if isinstance(output, MatchAgreed):
        return "agreed"
    return "located" if isinstance(output, MatchLocated) else WITHDRAWN


def check_ascending(outputs: Sequence[AnyOutput]) -> None:
    """Asserts that outputs are in log order. The first record of a log emits nothing, so no output has position 0-0."""
    at = (0, 0)
    for output in outputs:
        before, at = at, Position.parse(output.position)
        assert before < at, f"the output {output.position} does not come after {before}"


async def batch_outputs(
    outputs: Iterable[AnyOutput] | AsyncIterable[AnyOutput], most: int
) -> AsyncIterator[list[AnyOutput]]:
    """Yields the outputs in lists of at most ``most``."""
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
