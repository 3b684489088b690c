"""The one way into the log: read, admitted, translated, durable; then what follows from it.

Owns: the steps and their order, and the lock of translating and erasing. May never: answer "accepted" before the disk
has it, or bring an account into the log.
Theory: events are translated under the lock that erasing takes too, so nobody gets a token in the middle of an erasure;
both waits for the disk, of the posts' way back and of the log, are outside of it, or there would be no group commits.
What is translated is handed on as it is, not as bytes. A bad line of an organizer or a connector
becomes a dead letter; an attendee's does not: the sender is told, and nobody else reads their words.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from schemas.codec import EVENT_BYTES, Codec, Record, Reject, encode
from schemas.events import AttendeeErased, ConferenceClosed, ConferenceOpened, Input
from services.directory.directory import SqliteDirectory
from services.door.rules import admit
from services.door.sender import Refused, Sender, source_of
from services.door.translation import Translated, at_hand, translated
from services.embedded import Accepted, Answer, Rejected
from services.gateway.conferences import Conferences
from services.gateway.keeping import Keeping
from services.gateway.runner import Runner

SETTLED_S = 15.0
_PART_LINES = 150  # decoded between two looks at the rest of the event loop, about half a ms
NOTED = frozenset({ConferenceOpened, ConferenceClosed, AttendeeErased})  # what more than the fold follows from


class Result(Struct, frozen=True, omit_defaults=True, gc=False):
    """What became of one event. ``conference`` and ``offset``: where it stands (a post may stand in several logs)."""

    status: str
    conference: str | None = None
    offset: int | None = None
    reason: str | None = None
    field: str | None = None


_Item = Record | Refused | Reject
Followed = Callable[[Sequence[Input]], Awaitable[None]]


@dataclass(slots=True)
class Intake:
    """Used on the event loop. ``followed`` gets what was accepted of one request, before it is answered."""

    runner: Runner
    directory: SqliteDirectory
    conferences: Conferences
    clock: Callable[[], int]
    followed: Followed
    keeping: Keeping
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _codec: Codec = field(default_factory=partial(Codec, from_outside=True))
    _under_way: set[asyncio.Future[None]] = field(default_factory=set)

    async def take(self, lines: Sequence[bytes | Reject], sender: Sender) -> list[Result]:
        """Lines as they came from outside, or what is wrong with one; and what became of each. As ``Runner.take``."""
        found: list[Record | Reject] = []
        for start in range(0, len(lines), _PART_LINES):
            part = lines[start : start + _PART_LINES]
            read = iter(self._codec.decode_each([line for line in part if isinstance(line, bytes)]))
            found += [next(read) if isinstance(line, bytes) else line for line in part]
            await asyncio.sleep(0)
        return await self._taken(found, sender)

    async def say(self, events: Sequence[Input], sender: Sender) -> list[Result]:
        """Events that a route made."""
        return await self._taken([self._codec.decode(encode(event)) for event in events], sender)

    def check(self, line: bytes, sender: Sender) -> Input | Result:
        """The event of a line as it would be taken from this sender, or why it would not; takes nothing."""
        record = self._codec.decode(line)
        extended, claimed = self._extended(sender, [record])
        self.conferences.release(claimed)
        admitted = self._admitted(extended, record)
        return admitted.event if isinstance(admitted, Record) else _result(admitted, None)

    async def settled(self) -> None:
        """Waits until all that is being taken now is taken or refused; as long as an answer may take at most."""
        if self._under_way:
            _, late = await asyncio.wait(set(self._under_way), timeout=SETTLED_S)
            if late:
                raise TimeoutError("What is being taken takes too long.")

    async def _taken(self, found: Sequence[Record | Reject], sender: Sender) -> list[Result]:
        sender, claimed = self._extended(sender, found)
        done = asyncio.get_running_loop().create_future()
        self._under_way.add(done)
        try:
            ready = await self._translated(found, sender)
            items = [_to_log(item, sender) for item in ready]
            answers: Sequence[Answer] = ()
            if any(item is not None for item in items):
                answers = await self.runner.take(items, source_of(sender))
            results = [_result(item, answers[at] if answers else None) for at, item in enumerate(ready)]
            await self._note(ready, answers)
            return results
        finally:
            self._under_way.discard(done)
            done.set_result(None)
            self.conferences.release(claimed)

    def _extended(self, sender: Sender, found: Sequence[Record | Reject]) -> tuple[Sender, list[str]]:
        """An organizer's own conferences are those of the key, those it opened, and new ones that it opens now; the
        last ones are claimed as well, until it is decided whether the opening is taken."""
        claimed: list[str] = []
        if sender.role != "organizer":
            return sender, claimed
        own = sender.conferences | self.conferences.owned(sender.id)
        for record in found:
            if isinstance(record, Record) and isinstance(record.event, ConferenceOpened):
                wider = replace(sender, conferences=own | {record.event.conference})
                good = not isinstance(admit(wider, record.event, self.clock()), Refused)
                if good and self.conferences.claim(record.event.conference, sender.id):
                    claimed.append(record.event.conference)
                    own = wider.conferences
        return replace(sender, conferences=own), claimed

    def _admitted(self, sender: Sender, record: Record | Reject) -> _Item:
        if isinstance(record, Reject):
            return record
        event = record.event
        if event.conference in self.conferences.ending:
            return Refused("This conference is being erased.", "gone", "conference")
        if event.conference in self.conferences.ended:
            return Refused("This conference was erased. Its id cannot begin anew; take another.", "gone", "conference")
        if isinstance(event, ConferenceOpened) and sender.role == "organizer" and self.conferences.is_free(event):
            sender = replace(sender, conferences=sender.conferences | {event.conference})  # to be told what is wrong
        admitted = admit(sender, event, self.clock())
        return admitted if isinstance(admitted, Refused) else Record(admitted.event, record.at, None)

    async def _translated(self, found: Sequence[Record | Reject], sender: Sender) -> list[_Item]:
        """What may enter, under its tokens; the way back from these is kept."""
        ready: list[_Item] = []
        async with self.lock:
            for start in range(0, len(found), _PART_LINES):
                ready += [self._admitted(sender, record) for record in found[start : start + _PART_LINES]]
                await asyncio.sleep(0)
            records = [item for item in ready if isinstance(item, Record)]
            told, posts = await self._told([record.event for record in records])
        await self.keeping.kept(posts)
        done = iter(zip(records, told, strict=True))
        return [_in_place(*next(done)) if isinstance(item, Record) else item for item in ready]

    async def _told(self, events: Sequence[Input]) -> Translated:
        rows = at_hand(events, self.directory)
        if rows is None:
            return await asyncio.to_thread(translated, events, self.directory)
        whole = Translated([], [])
        for start in range(0, len(events), _PART_LINES):
            told, posts = translated(events[start : start + _PART_LINES], self.directory, rows)
            whole.events.extend(told)
            whole.posts.extend(posts)
            await asyncio.sleep(0)
        return whole

    async def _note(self, ready: Sequence[_Item], answers: Sequence[Answer]) -> None:
        accepted: list[Input] = []
        for item, answer in zip(ready, answers, strict=False):
            if not isinstance(item, Record) or type(item.event) not in NOTED:
                continue
            if isinstance(answer, Accepted):
                for place in answer.places:
                    self.conferences.note(item.event, place.offset)
                accepted.append(item.event)
            elif not isinstance(answer, Rejected) and isinstance(item.event, AttendeeErased):
                accepted.append(item.event)  # said again: what was interrupted is gone on with
        if accepted:
            await self.followed(accepted)


def _in_place(record: Record, told: Input | Refused) -> _Item:
    return told if isinstance(told, Refused) else Record(told, record.at, None)


def _to_log(item: _Item, sender: Sender) -> Record | Reject | None:
    """A bad line of an attendee is for nobody else to read; an empty one is nothing."""
    if not isinstance(item, Reject):
        return item if isinstance(item, Record) else None
    if sender.role == "attendee" or not item.line.strip():
        return None
    return Reject(item.reason, item.field, item.line[: EVENT_BYTES + 1])


def _result(item: _Item, answer: Answer | None) -> Result:
    if isinstance(item, Refused | Reject):
        return Result("rejected", reason=item.reason, field=item.field)
    if isinstance(answer, Accepted):
        if not answer.places:
            return Result("accepted", reason=answer.note)
        place = answer.places[0]
        return Result("accepted", place.conference, place.offset)
    if isinstance(answer, Rejected):
        return Result("rejected", reason=answer.reason, field=answer.field)
    return Result("duplicate")
