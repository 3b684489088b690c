"""An attendee's cards, as a list and as a stream, with the names and pictures that their owners chose to show.

Responsibility: combining the inbox's views with profiles and the attendee's own answers.
Invariants: no other attendee's id leaves the server, and no number that counts anything but entries of this inbox. A
card that is over looks the same for every reason, whether the attendee sees it live, reads it later or asks for it.
This also holds after an erasure, where names and reasons disappear at once and the withdrawals follow a moment later
(``_read_settled``), and after somebody said that the two have met.
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
from services.inbox.entries import SUGGESTED, WITHDRAWN, readable_entry
from services.inbox.port import CurrentCards, Entry, Inboxes, ResumeLostError
from services.inbox.view import Card, Why
from services.runtime import BusyError, StoppedError
from services.runtime.ports import Matchers, Readiness
from streams.runtime.inboxes import InboxUnavailableError

RESET = chunk("reset", b"{}")
_ANSWERS_S = 0.5  # how long a card waits for a busy matcher
_SETTLE_S = 2.0  # how long to wait for an erasure's withdrawals: some ms, unless delivery is down
_POLL_S = 0.02
_log = structlog.get_logger("hallway.inboxes")


class CardShown(Struct, frozen=True, kw_only=True):
    """A card as its owner sees it, with their own current answer only.

    ``position``: opaque; the newest entry of the owner's inbox that changed this card. ``told_place``: where the owner
    said they are. ``near``: whether both are at one place; null before both said yes, or where a place is unknown.
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
    """All cards. Continue the stream after ``position``, which is opaque and belongs to this inbox alone."""

    position: str
    cards: tuple[CardShown, ...]


class InboxReader:
    """Reads and streams an attendee's inbox. ``beat_s``: the interval of heartbeats on a quiet stream."""

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
        """The current cards, without those that a ``met`` closed."""
        while True:
            current = await self._read_settled(conference, attendee)
            own_answers = await self._matchers.ask(conference, lambda matcher: answers(matcher, attendee))
            open_cards = [card for card in current.cards if card.card not in own_answers.met]
            others = [current.others[card.card] for card in open_cards]
            shown = await self._profiles.load(conference, others)
            if self._conferences.erased_attendees(conference).isdisjoint(
                others
            ):  # else an erasure began meanwhile, and a name may be missing
                break
        cards = [
            _card_shown(card, own_answers, shown.get(other)) for card, other in zip(open_cards, others, strict=True)
        ]
        return InboxShown(str(current.cursor), tuple(cards))

    async def _read_settled(self, conference: str, attendee: str) -> CurrentCards:
        """The inbox, once the withdrawals of erasures under way are there: other cards that end have no such gap."""
        end = asyncio.get_running_loop().time() + _SETTLE_S
        while True:
            current = await self._current(conference, attendee)
            erased = self._conferences.erased_attendees(conference)
            erased_cards = {card for card, other in current.others.items() if other in erased}
            is_ending = bool(current.pending_withdrawals) and await self._erasures.is_under_way(conference)
            if not (erased_cards or is_ending):
                break
            if asyncio.get_running_loop().time() > end:
                _log.warning("withdrawals of an erasure are late", conference=conference)
                break
            await asyncio.sleep(_POLL_S)
        return replace(current, cards=tuple([card for card in current.cards if card.card not in erased_cards]))

    async def _current(self, conference: str, attendee: str) -> CurrentCards:
        try:
            return await self._inboxes.current(conference, attendee)
        except InboxUnavailableError:
            await self._readiness.ensure(conference)  # the store was emptied, or the conference is new
            return await self._inboxes.current(conference, attendee)

    async def follow(self, conference: str, attendee: str, after: int | None) -> AsyncGenerator[bytes, None]:
        """The stream's chunks. It sends ``reset`` where entries after the cursor are no longer stored, or for None."""
        while True:
            if after is None:
                after = await self._newest_cursor(conference, attendee)
                yield RESET
            try:
                async with aclosing(self._inboxes.follow(conference, attendee, after, self._beat_s)) as entries:
                    async for some in entries:
                        yield await self._chunks(conference, attendee, some) if some else BEAT
                        after = some[-1].cursor if some else after
            except ResumeLostError:
                after = None

    async def _newest_cursor(self, conference: str, attendee: str) -> int:
        while True:
            try:
                return (await self._inboxes.current(conference, attendee)).cursor
            except InboxUnavailableError:
                await self._readiness.ensure(conference)
                await asyncio.sleep(1.0)

    async def _chunks(self, conference: str, attendee: str, entries: Sequence[Entry]) -> bytes:
        asked = any(_needs_answers(entry) for entry in entries)
        own_answers = await self._current_answers(conference, attendee) if asked else None
        closed = own_answers.met if own_answers is not None else frozenset()
        erased = self._conferences.erased_attendees(conference)
        read = [_redacted(entry, closed, erased) for entry in entries]
        shown = await self._profiles.load(conference, [entry.other for entry in read if entry.other is not None])
        return b"".join(
            [chunk(entry.kind, _with_gateway_fields(entry, shown, own_answers), entry.cursor) for entry in read]
        )

    async def _current_answers(self, conference: str, attendee: str) -> Answers | None:
        try:
            async with asyncio.timeout(_ANSWERS_S):
                return await self._matchers.ask(conference, lambda matcher: answers(matcher, attendee))
        except (TimeoutError, BusyError, StoppedError):
            return None  # then the card is sent without ``your_answer``


def _card_shown(card: Card, own_answers: Answers, shown: Shown | None) -> CardShown:
    fields = asdict(card)
    shared_place = own_answers.shared_place(card.card)
    return CardShown(
        position=str(fields.pop("cursor")),
        near=_is_near(card, shared_place),
        **fields,
        **_profile_fields(shown),
        **_answer_field(own_answers, card.card, card.at),
        told_place=shared_place,
    )


def _is_near(card: Card, shared_place: str | None) -> bool | None:
    """Whether both are at one place, by what they told each other; so it is None before both said yes."""
    mine = shared_place or card.your_place
    return None if mine is None or card.their_place is None else mine == card.their_place


def _answer_field(own_answers: Answers, match: str, asked_at: str) -> dict[str, Any]:
    return {"your_answer": own_answers.to(match, millis(asked_at))}


def _profile_fields(shown: Shown | None) -> dict[str, Any]:
    return {"name": shown.name if shown else None, "picture": shown.picture if shown else None}


def _needs_answers(entry: Entry) -> bool:
    """Whether to query the matcher: a repeated suggestion may have an answer, and a replayed entry may be closed."""
    return entry.kind != WITHDRAWN and not entry.new and (entry.kind == SUGGESTED or not entry.live)


def _redacted(entry: Entry, closed: Collection[str], erased: Collection[str]) -> Entry:
    """Replaces a replayed entry of a card that a ``met`` closed by that of any card that is over; likewise every entry
    about somebody who is being erased."""
    if entry.other in erased or (entry.card in closed and not entry.live):
        return readable_entry(entry.position, entry.cursor, entry.kind, entry.card, None)
    return entry


def _is_new(entry: Entry) -> bool:
    """Whether it cannot have an answer yet. For repeated or replayed suggestions the matcher is queried."""
    return entry.new and entry.kind == SUGGESTED


def _with_gateway_fields(entry: Entry, shown: dict[str, Shown], own_answers: Answers | None) -> bytes:
    """The entry's view as JSON, with the gateway's fields appended."""
    if entry.kind == WITHDRAWN:
        return entry.view
    more = _profile_fields(shown.get(entry.other or ""))
    if _is_new(entry):
        more["your_answer"] = None
    elif own_answers is not None and entry.kind == SUGGESTED:
        more |= _answer_field(own_answers, entry.card, msgspec.json.decode(entry.view)["at"])
    return entry.view[:-1] + b"," + msgspec.json.encode(more)[1:]
