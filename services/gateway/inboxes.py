"""An attendee's cards and their stream, with the names and pictures that their owners allowed.

Owns: putting views and names together. May never: send another attendee's id, or tell one withdrawal from another (it
has no name).
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import asdict

from schemas.times import millis
from services.directory.port import Shown
from services.embedded import BusyError, StoppedError
from services.gateway.gate import Gate
from services.gateway.standing import Answers, answers
from services.gateway.streams import BEAT, chunk
from services.inbox.entries import SUGGESTED, WITHDRAWN
from services.inbox.port import Entry, InboxUnavailableError, ResumeLostError
from services.inbox.view import Why

RESET = chunk("reset", b"{}")
_ANSWERS_S = 0.5  # a card does not wait for longer, with a fold that is busy


class CardShown(Struct, frozen=True, kw_only=True):
    """A card as its owner sees it; of answers only the own, as it stands. ``told_place``: where they said they are."""

    card: str
    position: str
    at: str
    name: str | None
    picture: str | None
    why: tuple[Why, ...]
    near: bool
    agreed_at: str | None
    your_place: str | None
    their_place: str | None
    your_answer: Literal["accepted", "later", "declined", "not_met"] | None
    told_place: str | None


class InboxShown(Struct, frozen=True):
    """All cards; following goes on after ``position``."""

    position: str
    cards: tuple[CardShown, ...]


async def inbox(gate: Gate, conference: str, attendee: str) -> InboxShown:
    """The cards as they are now, without those that a ``met`` closed."""
    try:
        current = await gate.inboxes.current(conference, attendee)
    except InboxUnavailableError:
        await gate.delivering.ensure(conference)  # it was emptied, or is new
        current = await gate.inboxes.current(conference, attendee)
    said = await gate.ask(conference, lambda matcher: answers(matcher, attendee))
    open_cards = [card for card in current.cards if card.card not in said.met]
    shown = await _shown(gate, conference, attendee, [card.card for card in open_cards])
    cards = [
        CardShown(
            **asdict(card),
            **_face(shown.get(card.card)),
            **_own(said, card.card, card.at),
            told_place=said.told(card.card),
        )
        for card in open_cards
    ]
    return InboxShown(current.position, tuple(cards))


def _own(said: Answers, match: str, asked_at: str) -> dict[str, Any]:
    return {"your_answer": said.to(match, millis(asked_at))}


def _face(shown: Shown | None) -> dict[str, Any]:
    return {"name": shown.name if shown else None, "picture": shown.picture if shown else None}


async def _shown(gate: Gate, conference: str, attendee: str, matches: Sequence[str]) -> dict[str, Shown]:
    """What may be seen of the other of each match."""
    if not matches:
        return {}
    distinct = list(dict.fromkeys(matches))
    others = await asyncio.gather(*[gate.inboxes.other(conference, attendee, match) for match in distinct])
    known = [other for other in others if other is not None]
    people = await gate.faces.of(conference, known)
    return {match: people[other] for match, other in zip(distinct, others, strict=True) if other is not None}


async def following(gate: Gate, conference: str, attendee: str, after: str) -> AsyncGenerator[bytes, None]:
    """The stream's chunks; ``reset`` where what came after the position is no longer kept."""
    while True:
        try:
            async with aclosing(gate.inboxes.follow(conference, attendee, after, gate.bounds.beat_s)) as entries:
                async for some in entries:
                    yield await _chunks(gate, conference, attendee, some) if some else BEAT
                    after = some[-1].position if some else after
        except ResumeLostError:
            after = await _position(gate, conference, attendee)
            yield RESET


async def _position(gate: Gate, conference: str, attendee: str) -> str:
    while True:
        try:
            return (await gate.inboxes.current(conference, attendee)).position
        except InboxUnavailableError:
            await gate.delivering.ensure(conference)
            await asyncio.sleep(1.0)


async def _chunks(gate: Gate, conference: str, attendee: str, entries: Sequence[Entry]) -> bytes:
    shown = await gate.faces.of(conference, [entry.other for entry in entries if entry.other is not None])
    asked = any(entry.kind == SUGGESTED and not _is_new(entry) for entry in entries)
    said = await _said_now(gate, conference, attendee) if asked else None
    return b"".join([chunk(entry.kind, _completed(entry, shown, said), entry.position) for entry in entries])


async def _said_now(gate: Gate, conference: str, attendee: str) -> Answers | None:
    try:
        async with asyncio.timeout(_ANSWERS_S):
            return await gate.ask(conference, lambda matcher: answers(matcher, attendee))
    except (TimeoutError, BusyError, StoppedError):
        return None  # the same: the card comes without ``your_answer``


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
