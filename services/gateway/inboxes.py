"""An attendee's cards and their stream, with the names and pictures that their owners allowed.

Owns: putting views and names together. May never: send another attendee's id, or tell one withdrawal from another (it
has no name).
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import asdict

from services.directory.port import Shown
from services.gateway.gate import Gate
from services.gateway.standing import met
from services.gateway.streams import BEAT, chunk
from services.inbox.port import Entry, InboxUnavailableError, ResumeLostError
from services.inbox.view import Why

RESET = chunk("reset", b"{}")


class CardShown(Struct, frozen=True, kw_only=True):
    """A card as its owner sees it."""

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
    done = await gate.ask(conference, lambda matcher: met(matcher, attendee))
    open_cards = [card for card in current.cards if card.card not in done]
    shown = await _shown(gate, conference, attendee, [card.card for card in open_cards])
    cards = [CardShown(**asdict(card), **_face(shown.get(card.card))) for card in open_cards]
    return InboxShown(current.position, tuple(cards))


def _face(shown: Shown | None) -> dict[str, Any]:
    return {"name": shown.name if shown else None, "picture": shown.picture if shown else None}


async def _shown(gate: Gate, conference: str, attendee: str, matches: Sequence[str]) -> dict[str, Shown]:
    """What may be seen of the other of each match."""
    if not matches:
        return {}
    distinct = list(dict.fromkeys(matches))
    others = await asyncio.gather(*[gate.inboxes.other(conference, attendee, match) for match in distinct])
    known = [other for other in others if other is not None]
    people = await asyncio.to_thread(gate.directory.display, conference, known)
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
    views: list[dict[str, Any]] = [msgspec.json.decode(entry.view) for entry in entries]
    named = [view["card"] for view in views if view["kind"] != "withdrawn"]
    try:
        shown = await _shown(gate, conference, attendee, named)
    except InboxUnavailableError:
        shown = {}  # the card comes now, the name with the next look at the inbox
    return b"".join(
        chunk(view["kind"], msgspec.json.encode(_with_face(view, shown)), entry.position)
        for entry, view in zip(entries, views, strict=True)
    )


def _with_face(view: dict[str, Any], shown: dict[str, Shown]) -> dict[str, Any]:
    return view if view["kind"] == "withdrawn" else view | _face(shown.get(view["card"]))
