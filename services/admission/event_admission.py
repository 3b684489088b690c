"""The only way into the log: decode, authorize, pseudonymize and append events, then trigger what follows from them.

Responsibility: these steps and their order, the lock that pseudonymization and erasure share, and the lock of openings.
Invariants:
- "accepted" is returned only after the event is on the disk.
- No account reaches the log: only tokens do.
- Each sender gets the lock in turn, and pays for accounts that it has not named before.
- An attendee's post that cannot count is refused right after authorization, before it costs anything.
- An invalid line of an organizer or connector becomes a dead letter. An attendee's does not: only the sender learns of
  it, and nobody else reads the text.
Why: pseudonymization holds the lock that erasure takes too, so no token is made in the middle of an erasure. Both waits
for the disk (the post index and the log) happen outside of the lock, or there would be no group commit. Records go to
the runner as objects, without being encoded again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import partial

from msgspec.structs import replace

from schemas.codec import Codec, Record, Reject
from schemas.events import ActivityPosted, AttendeeErased, ConferenceOpened, Input, Learner, learned_by
from services.admission.authorization import authorize
from services.admission.conference_registry import ConferenceRegistry
from services.admission.fair_lock import FairLock
from services.admission.named_accounts import NamedAccounts
from services.admission.opening_rights import OpeningRights, has_opening, opening_rights, with_owner
from services.admission.own_uploads import refusal_of, verified_accounts
from services.admission.post_index_writer import PostIndexWriter
from services.admission.pseudonymization import Pseudonymized, accounts_in, cached_rows, pseudonymize
from services.admission.results import Item, Result, log_item, may_see_offsets, result_of, without_offset
from services.admission.sender import Refused, Sender, source_of
from services.directory.port import Directory, NamedPost
from services.runtime import Accepted, Answer, Rejected
from services.runtime.ports import Runner

DRAIN_S = 15.0
_PART_LINES = 150  # decoded before the event loop gets a turn, about half a ms
REGISTRY_EVENTS = learned_by(Learner.CONFERENCES)


Charge = Callable[[str, str, int], None]  # rate, sender, cost; raises ProblemError where the rate is used up
_MAY_OPEN = frozenset({"organizer", "operator"})
_PAYS_FOR_NAMES = frozenset({"attendee", "organizer"})
OnAccepted = Callable[[Sequence[Input]], Awaitable[None]]
BeforeErasure = Callable[[Sequence[AttendeeErased]], Awaitable[None]]


def unlimited(rate: str, who: str, cost: int) -> None:
    """A ``Charge`` without limits."""


def _is_post(record: Record | Reject) -> bool:
    return isinstance(record, Record) and type(record.event) is ActivityPosted


@dataclass(slots=True)
class EventAdmission:
    """Used on the event loop. ``on_accepted`` gets the accepted events of a request before its response;
    ``before_erasure`` gets its erasures before the log has them, and after all earlier events are in the log."""

    runner: Runner
    directory: Directory
    conferences: ConferenceRegistry
    clock: Callable[[], int]
    on_accepted: OnAccepted
    before_erasure: BeforeErasure
    post_index: PostIndexWriter
    charge: Charge = unlimited
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _codec: Codec = field(default_factory=partial(Codec, from_outside=True))
    _named: NamedAccounts = field(default_factory=NamedAccounts)
    _openings: asyncio.Lock = field(default_factory=asyncio.Lock)
    _fair_lock: FairLock = field(init=False)
    _under_way: set[asyncio.Future[None]] = field(default_factory=set)
    _appending: set[asyncio.Future[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._fair_lock = FairLock(self.lock)

    async def admit_lines(self, lines: Sequence[bytes | Reject], sender: Sender) -> list[Result]:
        """Admits lines from outside, or records why one is invalid. Returns each one's result; raises as
        ``Runner.take``."""
        found: list[Record | Reject] = []
        for start in range(0, len(lines), _PART_LINES):
            part = lines[start : start + _PART_LINES]
            read = iter(self._codec.decode_each([line for line in part if isinstance(line, bytes)]))
            found += [next(read) if isinstance(line, bytes) else line for line in part]
            await asyncio.sleep(0)
        return await self._admit(found, sender)

    async def admit_events(self, events: Sequence[Input], sender: Sender, handed_to: str | None = None) -> list[Result]:
        """Admits events that a route made. ``handed_to``: the new owner of the conferences that they open."""
        return await self._admit([self._codec.examine(event) for event in events], sender, handed_to)

    def check(self, line: bytes, sender: Sender) -> Input | Result:
        """The event that this line would be admitted as, or why it would be rejected. Appends nothing."""
        record = self._codec.decode(line)
        authorized = self._authorize(opening_rights(sender, [record], self.conferences, self.clock()), record)
        return authorized.event if isinstance(authorized, Record) else result_of(authorized, None)

    async def drain(self) -> None:
        """Waits until all requests under way are finished. TimeoutError after ``DRAIN_S``."""
        if self._under_way:
            _, late = await asyncio.wait(set(self._under_way), timeout=DRAIN_S)
            if late:
                raise TimeoutError("Events under way take too long.")

    async def _admit(
        self, found: Sequence[Record | Reject], sender: Sender, handed_to: str | None = None
    ) -> list[Result]:
        done = asyncio.get_running_loop().create_future()
        self._under_way.add(done)
        try:
            if sender.role not in _MAY_OPEN or not has_opening(found):
                return await self._submit(found, opening_rights(sender, found, self.conferences, self.clock()))
            async with self._openings:
                rights = opening_rights(sender, found, self.conferences, self.clock(), handed_to)
                if rights.new:
                    self.charge("opening", sender.key, len(rights.new))
                return await self._submit(found, rights)
        finally:
            self._under_way.discard(done)
            done.set_result(None)

    async def _submit(self, found: Sequence[Record | Reject], rights: OpeningRights) -> list[Result]:
        sender = rights.sender
        ready, answers = await self._pseudonymize_and_append(
            found, rights, await self._verified_accounts(found, sender)
        )
        results = [result_of(item, answers[at] if answers else None) for at, item in enumerate(ready)]
        await self._publish_accepted(ready, answers)
        return results if may_see_offsets(sender) else [without_offset(result) for result in results]

    async def _verified_accounts(self, found: Sequence[Record | Reject], sender: Sender) -> frozenset[str]:
        """The accounts that an attendee who sends posts has verified according to the log."""
        if sender.role != "attendee" or not any(_is_post(record) for record in found):
            return frozenset()
        (conference,) = sender.conferences
        held = await asyncio.to_thread(self.directory.accounts.held_accounts, conference, sender.id)
        verified = await self.runner.ask(conference, lambda matcher: verified_accounts(matcher, sender.id, held))
        return frozenset(held[token] for token in verified)

    def _authorize(self, rights: OpeningRights, record: Record | Reject, uploaded: Collection[str] = ()) -> Item:
        if isinstance(record, Reject):
            return record
        event, sender = record.event, rights.sender
        if event.conference in self.conferences.being_erased:
            return Refused("This conference is being erased.", "gone", "conference")
        if event.conference in self.conferences.retired:
            return Refused("This conference was erased. Its id cannot be used again.", "gone", "conference")
        if isinstance(event, ConferenceOpened) and sender.role == "organizer" and self.conferences.is_free(event):
            if event.conference in rights.refused:
                return rights.refused[event.conference]
            sender = replace(
                sender, conferences=sender.conferences | {event.conference}
            )  # so that the refusal says why
        authorized = authorize(sender, event, self.clock())
        if isinstance(authorized, Refused):
            return authorized
        event = authorized.event
        if isinstance(event, ConferenceOpened):
            event = with_owner(event, rights, self.conferences)
        if sender.role == "attendee" and isinstance(event, ActivityPosted):
            fault = refusal_of(event, uploaded, self.clock())
            if fault is not None:
                return fault
        return Record(event, record.at, None)

    async def _pseudonymize_and_append(
        self, found: Sequence[Record | Reject], rights: OpeningRights, uploaded: Collection[str]
    ) -> tuple[list[Item], Sequence[Answer]]:
        """The authorized items and the log's answers. Once the log has an erasure, the matcher no longer knows who had
        blocked that person; so an erasure waits for all events under way, and holds the lock until it is appended."""
        sender, done = rights.sender, asyncio.get_running_loop().create_future()
        try:
            async with self._fair_lock.hold(sender.key):
                ready, posts = await self._prepare(found, rights, uploaded)
                events = [item.event for item in ready if isinstance(item, Record)]
                erased = [event for event in events if isinstance(event, AttendeeErased)]
                if erased:
                    await self._await_other_appends()
                    await self.before_erasure(erased)
                    return ready, await self._append(ready, posts, sender)
                self._appending.add(done)
            return ready, await self._append(ready, posts, sender)
        finally:
            self._appending.discard(done)
            done.set_result(None)

    async def _await_other_appends(self) -> None:
        if self._appending:
            _, late = await asyncio.wait(set(self._appending), timeout=DRAIN_S)
            if late:
                raise TimeoutError("Events under way take too long.")

    async def _append(self, ready: Sequence[Item], posts: Sequence[NamedPost], sender: Sender) -> Sequence[Answer]:
        await self.post_index.write(posts, sender.key)
        items = [log_item(item, sender) for item in ready]
        return await self.runner.take(items, source_of(sender)) if any(item is not None for item in items) else ()

    async def _prepare(
        self, found: Sequence[Record | Reject], rights: OpeningRights, uploaded: Collection[str]
    ) -> tuple[list[Item], Sequence[NamedPost]]:
        """The authorized items, pseudonymized, and the posts to index. Called under the lock."""
        ready: list[Item] = []
        for start in range(0, len(found), _PART_LINES):
            ready += [self._authorize(rights, record, uploaded) for record in found[start : start + _PART_LINES]]
            await asyncio.sleep(0)
        records = [item for item in ready if isinstance(item, Record)]
        events, posts = await self._pseudonymize([record.event for record in records], rights.sender)
        done = iter(zip(records, events, strict=True))
        return [_pseudonymized_record(*next(done)) if isinstance(item, Record) else item for item in ready], posts

    async def _pseudonymize(self, events: Sequence[Input], sender: Sender) -> Pseudonymized:
        self._pay_for_names(events, sender)
        rows = cached_rows(events, self.directory)
        if rows is None:
            await self._pay_for_accounts(events, sender)
            return await asyncio.to_thread(pseudonymize, events, self.directory)
        whole = Pseudonymized([], [])
        for start in range(0, len(events), _PART_LINES):
            part = pseudonymize(events[start : start + _PART_LINES], self.directory, rows)
            whole.events.extend(part.events)
            whole.posts.extend(part.posts)
            await asyncio.sleep(0)
        return whole

    async def _pay_for_accounts(self, events: Sequence[Input], sender: Sender) -> None:
        """Charges a connector for accounts that nobody named before: each becomes a row that stays."""
        named = {account for event in events for account in accounts_in(event)}
        if named and sender.role == "connector":
            new = await asyncio.to_thread(self.directory.accounts.count_unknown, named)
            if new:
                self.charge("connector_accounts", sender.key, new)

    def _pay_for_names(self, events: Sequence[Input], sender: Sender) -> None:
        """Charges other senders for accounts that they themselves did not name before, which reveals nothing about
        what others named."""
        if sender.role in _PAYS_FOR_NAMES:
            new = self._named.unnamed(sender.key, {account for event in events for account in accounts_in(event)})
            if new:
                self.charge(f"{sender.role}_accounts", sender.key, len(new))
                self._named.note(sender.key, new)

    async def _publish_accepted(self, ready: Sequence[Item], answers: Sequence[Answer]) -> None:
        accepted: list[Input] = []
        for item, answer in zip(ready, answers, strict=False):
            if not isinstance(item, Record) or type(item.event) not in REGISTRY_EVENTS:
                continue
            if isinstance(answer, Accepted):
                for place in answer.places:
                    self.conferences.apply(item.event, place.offset)
                accepted.append(item.event)
            elif not isinstance(answer, Rejected) and isinstance(item.event, AttendeeErased):
                accepted.append(item.event)  # a duplicate: resumes an interrupted erasure
        if accepted:
            await self.on_accepted(accepted)


def _pseudonymized_record(record: Record, event: Input | Refused) -> Item:
    return event if isinstance(event, Refused) else Record(event, record.at, None)
