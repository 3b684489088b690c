"""The inboxes in Redis (Redis protocol: Valkey 9 or Redis 7+), embedded or elsewhere.

Owns: nothing that the log does not have; see ``scripts`` for what happens inside, ``link`` for the line.
May never: hold an output, only attendees' views; repeat a write by itself; let one conference fill what others share.
Theory: the mark carries the epoch (an id made with the data folder, or of the topic): a store that was emptied has no
mark, one that belongs to another log has another epoch, and neither is written to. What this process saw confirmed is
compared with the mark, so a replica that took over with less is noticed too.
"""

import secrets
from collections.abc import AsyncIterable, AsyncIterator, Collection, Iterable, Sequence
from types import TracebackType
from typing import Any, Self

import structlog

from schemas.outputs import AnyOutput
from services.inbox.cursor import FIRST
from services.inbox.entries import Delivery, batches, check_ascending, delivery_of, readable
from services.inbox.port import (
    BATCH_OUTPUTS,
    PAGE_ENTRIES,
    Current,
    Entry,
    InboxForeignError,
    InboxLostError,
    InboxUnavailableError,
    Page,
    ResumeLostError,
    Share,
    Shown,
    share_of,
)
from services.inbox.position import START
from services.inbox.redis import scripts
from services.inbox.redis.connection import Limits, Link
from services.inbox.redis.keys import HINTS, Keys
from services.inbox.redis.pubsub_hints import Hints, all_of
from services.inbox.subscription import Following
from services.inbox.view import VIEW_VERSION, Card, card_of

_PEOPLE = 500  # cleared or trimmed by one script
_STANDARD = Limits()
_log = structlog.get_logger("hallway.inbox")


class RedisInboxes(Following):
    """The port ``Inboxes`` over a server at ``url`` (``redis://``, ``rediss://``, ``unix://``); a context manager."""

    def __init__(
        self,
        url: str,
        epoch: str,
        *,
        share: Share | None = None,
        limits: Limits = _STANDARD,
    ) -> None:
        super().__init__()
        self._share, self._head = share, (epoch, VIEW_VERSION)
        self._hidden: set[str] = set()  # conferences of which it was said that they have had their share
        self._link = Link(url, limits)
        self.hints = Hints(self._link, self.waiters, limits.hint_s)
        self._known: dict[str, str] = {}  # marks that this process saw, by conference
        self._building: dict[str, set[str]] = {}  # erased during a rebuild of this process, by conference

    async def __aenter__(self) -> Self:
        self.hints.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.hints.aclose()
        await self._link.aclose()

    @property
    def trouble(self) -> str | None:
        """As in the port."""
        return self._link.troubles.now

    async def check(self) -> None:
        """As in the port."""
        await self._link.check()

    # -- writing --------------------------------------------------------------------------------------------------

    async def deliver(self, conference: str, outputs: Sequence[AnyOutput], erased: Collection[str] = ()) -> str:
        """As in the port; in batches, each whole or not at all."""
        check_ascending(outputs)
        mark = self._known.get(conference, START)
        for at in range(0, len(outputs), BATCH_OUTPUTS):
            batch = [delivery_of(output, erased) for output in outputs[at : at + BATCH_OUTPUTS]]
            mark = await self._put(conference, batch)
        return mark

    async def _put(self, conference: str, batch: Sequence[Delivery], token: str = "") -> str:
        keys = Keys(conference)
        known = self._known.get(conference, START)
        if self._share is None:
            self._share = share_of(await self._link.memory_bytes())
        share = self._share
        args: list[str | bytes | int] = [*self._head, token, known, share.keep, HINTS, conference, *keys.prefix]
        args += [batch[-1].position, len(batch), share.entries, share.least, share.cards]
        for delivery in batch:
            args += [delivery.position, len(delivery.entries)]
            for new in delivery.entries:
                args += [new.attendee, new.other, new.match, new.kind, new.view]
        answer = await self._link.write(scripts.DELIVER, [keys.mark, keys.people], args)
        accepted = self._accepted(conference, answer)
        if accepted[2] and conference not in self._hidden:
            self._hidden.add(conference)
            _log.warning("a conference has had its share: further cards are not shown", conference=conference)
        return self._moved(conference, accepted)

    async def delivered(self, conference: str) -> str | None:
        """As in the port."""
        answer = await self._link.ask(scripts.DELIVERED, [Keys(conference).mark], [*self._head, ""])
        if answer[0].decode() in (scripts.LOST, scripts.BUILDING):
            return None
        return self._moved(conference, self._accepted(conference, answer))

    def _moved(self, conference: str, answer: list[Any]) -> str:
        mark = str(answer[1].decode())
        self._known[conference] = mark
        return mark

    def _accepted(self, conference: str, answer: list[Any]) -> list[Any]:
        """The answer of a script that did what was asked; the port's error otherwise."""
        word = answer[0].decode()
        if word == scripts.OK:
            return answer
        if word == scripts.FOREIGN:
            raise InboxForeignError(
                f"Redis has the inboxes of {conference} from another log. Give each server a Redis of its own, or take "
                f"these over with `hallway inboxes rebuild {conference}`."
            )
        if word == scripts.BUILDING:
            raise InboxUnavailableError(f"The inboxes of {conference} are being rebuilt.")
        self._known.pop(conference, None)
        raise InboxLostError(conference, None if word == scripts.LOST else answer[1].decode())

    # -- reading --------------------------------------------------------------------------------------------------

    async def _ask(self, conference: str, script: str, keys: Sequence[str], *args: str | int) -> list[Any]:
        """A reader is not told why there is nothing to read: who delivers finds out and mends it."""
        answer = await self._link.ask(script, [Keys(conference).mark, *keys], [*self._head, "", *args])
        if answer[0].decode() in (scripts.LOST, scripts.FOREIGN):
            raise InboxUnavailableError(f"The inboxes of {conference} are not there; they wait for a rebuild.")
        return self._accepted(conference, answer)

    async def page(self, conference: str, attendee: str, after: int = FIRST, limit: int = PAGE_ENTRIES) -> Page:
        """As in ``Following``."""
        answer = await self._ask(conference, scripts.READ, Keys(conference).of(attendee), after, limit)
        if not answer[2]:
            raise ResumeLostError
        return Page(tuple([_entry(after + at, *fields) for at, fields in enumerate(answer[3], 1)]), answer[1].decode())

    async def current(self, conference: str, attendee: str) -> Current:
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
        cards: list[Card] = sorted([card_of(each) for each in held.values()], key=lambda card: card.cursor)
        about = {match: others[f"c:{match}"].decode() for match in held}
        gone = {name[2:] for name, other in others.items() if name.startswith("c:") and not other}
        ending = frozenset(match for match in gone if f"w:{match}" not in others)
        return Current(int(found.get(":count", FIRST)), tuple(cards), about, ending)

    async def shown(self, conference: str, attendee: str, match: str) -> Shown | None:
        """As in the port."""
        others = Keys(conference).of(attendee)[2]
        other, is_over = (await self._ask(conference, scripts.SHOWN, [others], match))[1]
        return None if other is None else Shown(other.decode(), is_over is None)

    # -- from beginning to end --------------------------------------------------------------------------------------

    async def erase(self, conference: str, attendee: str) -> None:
        """As in the port."""
        self._building.get(conference, set()).add(attendee)
        keys = Keys(conference)
        await self._link.write(scripts.ERASE, [keys.people, *keys.of(attendee)], [attendee, *keys.prefix])

    async def rebuild(
        self,
        conference: str,
        outputs: Iterable[AnyOutput] | AsyncIterable[AnyOutput],
        erased: Collection[str] = (),
    ) -> str:
        """As in the port. Of two rebuilds at once the later begun goes on, the other is told InboxUnavailableError."""
        keys, token = Keys(conference), secrets.token_hex(8)
        gone = self._building.setdefault(conference, set())
        self._known.pop(conference, None)
        await self._link.write(scripts.BEGIN, [keys.mark], [*self._head, token])
        await self._clear(keys)
        async for batch in batches(outputs, BATCH_OUTPUTS):
            check_ascending(batch)
            all_gone = gone.union(erased)
            await self._put(conference, [delivery_of(output, all_gone) for output in batch], token)
        answer = await self._link.write(scripts.FINISH, [keys.mark], [*self._head, token, HINTS, all_of(conference)])
        self._building.pop(conference, None)
        return self._moved(conference, self._accepted(conference, answer))

    async def lose(self, conference: str) -> bool:
        """As in the port. Whoever has keys is one of its people from here on, so that the rebuild clears them all."""
        keys = Keys(conference)
        for prefix in keys.prefix:
            cursor, more = 0, True
            while more:
                cursor, found = await self._link.keys(prefix, cursor, _PEOPLE)
                more = cursor != 0
                if found:
                    await self._link.write(scripts.NAME, [keys.people], [key.removeprefix(prefix) for key in found])
        answer = await self._link.write(scripts.LOSE, [keys.mark], [])
        return bool(answer[0].decode() == scripts.OK)

    async def prepare(self, conference: str) -> None:
        """As in the port."""
        await self._link.write(scripts.PREPARE, [Keys(conference).mark], self._head)

    async def end(self, conference: str) -> None:
        """As in the port."""
        keys = Keys(conference)
        async for people in self._people(keys):
            await self._link.write(scripts.TRIM, [], [*keys.prefix[:2], *people])

    async def forget(self, conference: str) -> None:
        """As in the port. The mark goes first: from then on nobody delivers."""
        keys = Keys(conference)
        await self._link.remove(keys.mark)
        await self._clear(keys)
        self._known.pop(conference, None)

    async def _clear(self, keys: Keys) -> None:
        async for people in self._people(keys):
            await self._link.write(scripts.CLEAR, [keys.people], [*keys.prefix, *people])
        await self._link.remove(keys.people)

    async def _people(self, keys: Keys) -> AsyncIterator[list[str]]:
        cursor, more = 0, True
        while more:
            cursor, people = await self._link.members(keys.people, cursor, _PEOPLE)
            more = cursor != 0
            for at in range(0, len(people), _PEOPLE):
                yield people[at : at + _PEOPLE]


def _entry(cursor: int, position: bytes, kind: bytes, match: bytes, kept: bytes, other: bytes) -> Entry:
    content = (kept.partition(b" ")[2], other.decode()) if kept else None
    return readable(position.decode(), cursor, kind.decode(), match.decode(), content)


def _pairs(flat: list[bytes]) -> dict[str, bytes]:
    """A hash as Redis' Lua gives it: names and values in turn."""
    return {name.decode(): value for name, value in zip(flat[::2], flat[1::2], strict=True)}
