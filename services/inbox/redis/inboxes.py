"""The inboxes in Redis (Redis protocol: Valkey 9 or Redis 7+), embedded or remote.

Responsibility: the port on top of ``scripts`` (what happens inside Redis) and ``connection``.
Invariants: it stores attendees' views, never outputs; it never repeats a write by itself; no conference can use up what
others share.
Why: the checkpoint carries the epoch (an id made with the data folder, or of the topic). A store that was emptied has
no checkpoint, and one that belongs to another log has another epoch; neither is written to. The checkpoint is compared
with what this process saw confirmed, so a replica that took over with less is noticed too.
"""

import secrets
from collections.abc import AsyncIterable, AsyncIterator, Collection, Iterable, Sequence
from types import TracebackType
from typing import Any, Self

import structlog

from schemas.outputs import AnyOutput
from schemas.position import START
from services.inbox.cursor import FIRST
from services.inbox.entries import PlannedDelivery, batch_outputs, check_ascending, plan_delivery, readable_entry
from services.inbox.port import (
    PAGE_ENTRIES,
    CardState,
    CurrentCards,
    Entry,
    InboxQuota,
    Page,
    ResumeLostError,
    quota_for,
)
from services.inbox.redis import scripts
from services.inbox.redis.connection import Limits, RedisConnection
from services.inbox.redis.keys import HINTS, Keys
from services.inbox.redis.pubsub_hints import HintListener, encode_wake_all
from services.inbox.subscription import InboxSubscriptions
from services.inbox.view import VIEW_VERSION, Card, build_card
from streams.runtime.inboxes import BATCH_OUTPUTS, InboxForeignError, InboxLostError, InboxUnavailableError

_PEOPLE = 500  # cleared or trimmed per script
_STANDARD = Limits()
_log = structlog.get_logger("hallway.inbox")


class RedisInboxes(InboxSubscriptions):
    """The port ``Inboxes`` over a server at ``url`` (``redis://``, ``rediss://``, ``unix://``); a context manager."""

    def __init__(
        self,
        url: str,
        epoch: str,
        *,
        quota: InboxQuota | None = None,
        limits: Limits = _STANDARD,
    ) -> None:
        super().__init__()
        self._quota, self._head = quota, (epoch, VIEW_VERSION)
        self._hidden: set[str] = set()  # conferences whose full quota was logged
        self._connection = RedisConnection(url, limits)
        self.hints = HintListener(self._connection, self.waiters, limits.hint_s)
        self._known: dict[str, str] = {}  # checkpoints that this process saw, by conference
        self._building: dict[str, set[str]] = {}  # attendees erased during a rebuild by this process, by conference

    async def __aenter__(self) -> Self:
        self.hints.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.hints.aclose()
        await self._connection.aclose()

    @property
    def trouble(self) -> str | None:
        """As in the port."""
        return self._connection.troubles.current

    async def check(self) -> None:
        """As in the port."""
        await self._connection.check()

    # -- writing --------------------------------------------------------------------------------------------------

    async def deliver(self, conference: str, outputs: Sequence[AnyOutput], erased: Collection[str] = ()) -> str:
        """As in the port; in batches, each of which is atomic."""
        check_ascending(outputs)
        mark = self._known.get(conference, START)
        for at in range(0, len(outputs), BATCH_OUTPUTS):
            batch = [plan_delivery(output, erased) for output in outputs[at : at + BATCH_OUTPUTS]]
            mark = await self._put(conference, batch)
        return mark

    async def _put(self, conference: str, batch: Sequence[PlannedDelivery], token: str = "") -> str:
        keys = Keys(conference)
        known = self._known.get(conference, START)
        if self._quota is None:
            self._quota = quota_for(await self._connection.memory_bytes())
        quota = self._quota
        args: list[str | bytes | int] = [
            *self._head,
            token,
            known,
            quota.max_per_inbox,
            HINTS,
            conference,
            *keys.prefix,
        ]
        args += [batch[-1].position, len(batch), quota.entries, quota.min_per_inbox, quota.cards]
        for delivery in batch:
            args += [delivery.position, len(delivery.entries)]
            for new in delivery.entries:
                args += [new.attendee, new.other, new.match, new.kind, new.view]
        answer = await self._connection.write(scripts.DELIVER, [keys.mark, keys.people], args)
        accepted = self._check_answer(conference, answer)
        if accepted[2] and conference not in self._hidden:
            self._hidden.add(conference)
            _log.warning("a conference has used its quota: further cards are not shown", conference=conference)
        return self._note_checkpoint(conference, accepted)

    async def checkpoint(self, conference: str) -> str | None:
        """As in the port."""
        answer = await self._connection.ask(scripts.DELIVERED, [Keys(conference).mark], [*self._head, ""])
        if answer[0].decode() in (scripts.LOST, scripts.BUILDING):
            return None
        return self._note_checkpoint(conference, self._check_answer(conference, answer))

    def _note_checkpoint(self, conference: str, answer: list[Any]) -> str:
        mark = str(answer[1].decode())
        self._known[conference] = mark
        return mark

    def _check_answer(self, conference: str, answer: list[Any]) -> list[Any]:
        """Returns the answer of a script that succeeded; raises the port's error otherwise."""
        word = answer[0].decode()
        if word == scripts.OK:
            return answer
        if word == scripts.FOREIGN:
            raise InboxForeignError(
                f"Redis holds the inboxes of {conference} from another log. Give each server a Redis of its own, or "
                f"take these over with `hallway inboxes rebuild {conference}`."
            )
        if word == scripts.BUILDING:
            raise InboxUnavailableError(f"The inboxes of {conference} are being rebuilt.")
        self._known.pop(conference, None)
        raise InboxLostError(conference, None if word == scripts.LOST else answer[1].decode())

    # -- reading --------------------------------------------------------------------------------------------------

    async def _ask(self, conference: str, script: str, keys: Sequence[str], *args: str | int) -> list[Any]:
        """Runs a read. If the inboxes are missing, readers only wait: the delivery finds out why and rebuilds them."""
        answer = await self._connection.ask(script, [Keys(conference).mark, *keys], [*self._head, "", *args])
        if answer[0].decode() in (scripts.LOST, scripts.FOREIGN):
            raise InboxUnavailableError(f"The inboxes of {conference} do not exist; they wait for a rebuild.")
        return self._check_answer(conference, answer)

    async def page(self, conference: str, attendee: str, after: int = FIRST, limit: int = PAGE_ENTRIES) -> Page:
        """As in ``InboxSubscriptions``."""
        answer = await self._ask(conference, scripts.READ, Keys(conference).of(attendee), after, limit)
        if not answer[2]:
            raise ResumeLostError
        return Page(tuple([_entry(after + at, *fields) for at, fields in enumerate(answer[3], 1)]), answer[1].decode())

    async def current(self, conference: str, attendee: str) -> CurrentCards:
        """As in the port."""
        answer = await self._ask(conference, scripts.CURRENT, Keys(conference).of(attendee)[1:])
        found, others = _pairs(answer[1]), _pairs(answer[2])
        parts: dict[str, dict[str, tuple[int, bytes]]] = {}
        for name, value in found.items():
            kind, _, match = name.partition(":")
            if kind:
                cursor, _, view = value.partition(b" ")
                parts.setdefault(match, {})[kind] = (int(cursor), view)
        held = {match: each for match, each in parts.items() if "suggested" in each}
        cards: list[Card] = sorted([build_card(each) for each in held.values()], key=lambda card: card.cursor)
        about = {match: others[f"c:{match}"].decode() for match in held}
        gone = {name[2:] for name, other in others.items() if name.startswith("c:") and not other}
        ending = frozenset(match for match in gone if f"w:{match}" not in others)
        return CurrentCards(int(found.get(":count", FIRST)), tuple(cards), about, ending)

    async def card_state(self, conference: str, attendee: str, match: str) -> CardState | None:
        """As in the port."""
        others = Keys(conference).of(attendee)[2]
        other, is_over = (await self._ask(conference, scripts.SHOWN, [others], match))[1]
        return None if other is None else CardState(other.decode(), is_over is None)

    # -- lifecycle -------------------------------------------------------------------------------------

    async def erase(self, conference: str, attendee: str) -> None:
        """As in the port."""
        self._building.get(conference, set()).add(attendee)
        keys = Keys(conference)
        await self._connection.write(scripts.ERASE, [keys.people, *keys.of(attendee)], [attendee, *keys.prefix])

    async def rebuild(
        self,
        conference: str,
        outputs: Iterable[AnyOutput] | AsyncIterable[AnyOutput],
        erased: Collection[str] = (),
    ) -> str:
        """As in the port. Of two rebuilds at once the one that started later wins; the other gets
        InboxUnavailableError.
        """
        keys, token = Keys(conference), secrets.token_hex(8)
        gone = self._building.setdefault(conference, set())
        self._known.pop(conference, None)
        await self._connection.write(scripts.BEGIN, [keys.mark], [*self._head, token])
        await self._clear(keys)
        async for batch in batch_outputs(outputs, BATCH_OUTPUTS):
            check_ascending(batch)
            all_gone = gone.union(erased)
            await self._put(conference, [plan_delivery(output, all_gone) for output in batch], token)
        answer = await self._connection.write(
            scripts.FINISH, [keys.mark], [*self._head, token, HINTS, encode_wake_all(conference)]
        )
        self._building.pop(conference, None)
        return self._note_checkpoint(conference, self._check_answer(conference, answer))

    async def invalidate(self, conference: str) -> bool:
        """As in the port. It first registers every attendee with keys, so that the rebuild clears them all."""
        keys = Keys(conference)
        for prefix in keys.prefix:
            cursor, more = 0, True
            while more:
                cursor, found = await self._connection.keys(prefix, cursor, _PEOPLE)
                more = cursor != 0
                if found:
                    await self._connection.write(
                        scripts.NAME, [keys.people], [key.removeprefix(prefix) for key in found]
                    )
        answer = await self._connection.write(scripts.LOSE, [keys.mark], [])
        return bool(answer[0].decode() == scripts.OK)

    async def prepare(self, conference: str) -> None:
        """As in the port."""
        await self._connection.write(scripts.PREPARE, [Keys(conference).mark], self._head)

    async def end(self, conference: str) -> None:
        """As in the port."""
        keys = Keys(conference)
        async for people in self._people(keys):
            await self._connection.write(scripts.TRIM, [], [*keys.prefix[:2], *people])

    async def forget(self, conference: str) -> None:
        """As in the port. The checkpoint goes first: from then on nothing is delivered."""
        keys = Keys(conference)
        await self._connection.remove(keys.mark)
        await self._clear(keys)
        self._known.pop(conference, None)

    async def _clear(self, keys: Keys) -> None:
        async for people in self._people(keys):
            await self._connection.write(scripts.CLEAR, [keys.people], [*keys.prefix, *people])
        await self._connection.remove(keys.people)

    async def _people(self, keys: Keys) -> AsyncIterator[list[str]]:
        cursor, more = 0, True
        while more:
            cursor, people = await self._connection.members(keys.people, cursor, _PEOPLE)
            more = cursor != 0
            for at in range(0, len(people), _PEOPLE):
                yield people[at : at + _PEOPLE]


def _entry(cursor: int, position: bytes, kind: bytes, match: bytes, kept: bytes, other: bytes) -> Entry:
    content = (kept.partition(b" ")[2], other.decode()) if kept else None
    return readable_entry(position.decode(), cursor, kind.decode(), match.decode(), content)


def _pairs(flat: list[bytes]) -> dict[str, bytes]:
    """Converts a hash as Redis' Lua returns it (names and values in turn) to a dict."""
    return {name.decode(): value for name, value in zip(flat[::2], flat[1::2], strict=True)}
