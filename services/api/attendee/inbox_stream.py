"""An attendee's cards and their stream, with the names and pictures that their owners allowed.

Responsibility: putting views and names together.
Invariants: no other attendee's id, and no number that counts anything but the entries of this inbox, goes out. All ends
of a card look alike, whether it is heard, read later or asked for: also where somebody was erased, whose names and
reasons go at once and whose withdrawals come a moment later (``_settled``), and where one said that they met.
"""

import asyncio
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing
from typing import Any, Literal

import msgspec
import structlog
from msgspec import Struct
from msgspec.structs import asdict, replace

from schemas.times import millis
from services.admission.conference_registry import ConferenceRegistry
from services.api.attendee.matcher_queries import Answers, answers
from services.api.attendee.profiles import ProfileLoader
from services.api.shared.server_sent_events import BEAT, chunk
from services.directory.port import Shown
from services.erasure.person_erasure import Erasures
from services.inbox.entries import SUGGESTED, WITHDRAWN, readable
from services.inbox.port import Current, Entry, Inboxes, InboxUnavailableError, ResumeLostError
from services.inbox.view import Card, Why
from services.runtime import BusyError, StoppedError
from services.runtime.ports import Matchers, Readiness

RESET = chunk("reset", b"{}")
_ANSWERS_S = 0.5  # a card does not wait for longer, with a fold that is busy
_SETTLED_S = 2.0  # for the withdrawals of an erasure: some ms, unless who delivers is away
_LOOK_S = 0.02
_log = structlog.get_logger("hallway.inboxes")


class CardShown(Struct, frozen=True, kw_only=True):
    """A card as its owner sees it; of answers only the own, as it stands.

    ``position``: opaque, that of the newest entry of the own inbox that made it so. ``told_place``: where they said
    they are. ``near``: null before both said yes, and where a place is not known; then whether it is one place.
    """

    card: str
    position: str
    at: str
    name: str | None
    picture: str | None
    why: tuple[Why, ...]
    near: bool | None
    agreed_at: str | None
    your_place: str | None
    their_place: str | None
    your_answer: Literal["accepted", "later", "declined", "not_met"] | None
    told_place: str | None


class InboxShown(Struct, frozen=True):
    """All cards; following goes on after ``position``, which is opaque: it counts in this inbox alone."""

    position: str
    cards: tuple[CardShown, ...]


class InboxReader:
    """An attendee's inbox, read and followed. ``beat_s``: between two signs of life on a stream where nothing comes."""

    def __init__(
        self,
        inboxes: Inboxes,
        readiness: Readiness,
        matchers: Matchers,
        profiles: ProfileLoader,
        conferences: ConferenceRegistry,
        erasures: Erasures,
        beat_s: float,
    ) -> None:
        self._inboxes, self._readiness, self._matchers = inboxes, readiness, matchers
        self._profiles, self._conferences, self._erasures = profiles, conferences, erasures
        self._beat_s = beat_s

    async def read(self, conference: str, attendee: str) -> InboxShown:
        """The cards as they are now, without those that a ``met`` closed."""
        while True:
            current = await self._settled(conference, attendee)
            said = await self._matchers.ask(conference, lambda matcher: answers(matcher, attendee))
            open_cards = [card for card in current.cards if card.card not in said.met]
            others = [current.others[card.card] for card in open_cards]
            shown = await self._profiles.load(conference, others)
            if self._conferences.erased_attendees(conference).isdisjoint(
                others
            ):  # or a name may be gone: an erasure began
                break
        cards = [_card_shown(card, said, shown.get(other)) for card, other in zip(open_cards, others, strict=True)]
        return InboxShown(str(current.cursor), tuple(cards))

    async def _settled(self, conference: str, attendee: str) -> Current:
        """The inbox without the moment between an erasure and its withdrawals, in which other ends have none."""
        end = asyncio.get_running_loop().time() + _SETTLED_S
        while True:
            current = await self._current(conference, attendee)
            erased = self._conferences.erased_attendees(conference)
            gone = {card for card, other in current.others.items() if other in erased}
            is_ending = bool(current.ending) and await self._erasures.is_under_way(conference)
            if not (gone or is_ending):
                break
            if asyncio.get_running_loop().time() > end:
                _log.warning("an erasure takes long", conference=conference)
                break
            await asyncio.sleep(_LOOK_S)
        return replace(current, cards=tuple([card for card in current.cards if card.card not in gone]))

    async def _current(self, conference: str, attendee: str) -> Current:
        try:
            return await self._inboxes.current(conference, attendee)
        except InboxUnavailableError:
            await self._readiness.ensure(conference)  # it was emptied, or is new
            return await self._inboxes.current(conference, attendee)

    async def follow(self, conference: str, attendee: str, after: int | None) -> AsyncGenerator[bytes, None]:
        """The stream's chunks; ``reset`` where what came after the cursor is not kept, or it is no cursor (None)."""
        while True:
            if after is None:
                after = await self._newest(conference, attendee)
                yield RESET
            try:
                async with aclosing(self._inboxes.follow(conference, attendee, after, self._beat_s)) as entries:
                    async for some in entries:
                        yield await self._chunks(conference, attendee, some) if some else BEAT
                        after = some[-1].cursor if some else after
            except ResumeLostError:
                after = None

    async def _newest(self, conference: str, attendee: str) -> int:
        while True:
            try:
                return (await self._inboxes.current(conference, attendee)).cursor
            except InboxUnavailableError:
                await self._readiness.ensure(conference)
                await asyncio.sleep(1.0)

    async def _chunks(self, conference: str, attendee: str, entries: Sequence[Entry]) -> bytes:
        asked = any(_needs_answers(entry) for entry in entries)
        said = await self._said_now(conference, attendee) if asked else None
        closed = said.met if said is not None else frozenset()
        erased = self._conferences.erased_attendees(conference)
        read = [_as_it_is_now(entry, closed, erased) for entry in entries]
        shown = await self._profiles.load(conference, [entry.other for entry in read if entry.other is not None])
        return b"".join([chunk(entry.kind, _completed(entry, shown, said), entry.cursor) for entry in read])

    async def _said_now(self, conference: str, attendee: str) -> Answers | None:
        try:
            async with asyncio.timeout(_ANSWERS_S):
                return await self._matchers.ask(conference, lambda matcher: answers(matcher, attendee))
        except (TimeoutError, BusyError, StoppedError):
            return None  # the same: the card comes without ``your_answer``


def _card_shown(card: Card, said: Answers, shown: Shown | None) -> CardShown:
    fields = asdict(card)
    told = said.told(card.card)
    return CardShown(
        position=str(fields.pop("cursor")),
        near=_near(card, told),
        **fields,
        **_face(shown),
        **_own(said, card.card, card.at),
        told_place=told,
    )


def _near(card: Card, told: str | None) -> bool | None:
    """Whether both are at one place, out of what both told each other: so it is nobody's before both said yes."""
    mine = told or card.your_place
    return None if mine is None or card.their_place is None else mine == card.their_place


def _own(said: Answers, match: str, asked_at: str) -> dict[str, Any]:
    return {"your_answer": said.to(match, millis(asked_at))}


def _face(shown: Shown | None) -> dict[str, Any]:
    return {"name": shown.name if shown else None, "picture": shown.picture if shown else None}


def _needs_answers(entry: Entry) -> bool:
    """Whether the fold is asked: what was asked once more may be answered, and what is read again may be closed."""
    return entry.kind != WITHDRAWN and not entry.new and (entry.kind == SUGGESTED or not entry.live)


def _as_it_is_now(entry: Entry, closed: Collection[str], erased: Collection[str]) -> Entry:
    """An entry of a card that a ``met`` closed, when it is read again, looks as one of any card that is over; so does
    one of somebody who is being erased."""
    if entry.other in erased or (entry.card in closed and not entry.live):
        return readable(entry.position, entry.cursor, entry.kind, entry.card, None)
    return entry


def _is_new(entry: Entry) -> bool:
    """Whether nobody can have answered it. Of a suggestion made once more, or read again, the fold is asked."""
    return entry.new and entry.kind == SUGGESTED


def _completed(entry: Entry, shown: dict[str, Shown], said: Answers | None) -> bytes:
    """The view, and behind its own fields those that are the gateway's."""
    if entry.kind == WITHDRAWN:
        return entry.view
    more = _face(shown.get(entry.other or ""))
    if _is_new(entry):
        more["your_answer"] = None
    elif said is not None and entry.kind == SUGGESTED:
        more |= _own(said, entry.card, msgspec.json.decode(entry.view)["at"])
    return entry.view[:-1] + b"," + msgspec.json.encode(more)[1:]
