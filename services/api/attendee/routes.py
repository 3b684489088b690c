"""What an attendee's page asks and says: me, inbox, stream, answers, here, consent, blocks.

Owns: these routes. May never: speak for anybody but the session's attendee, or name another by their id.
"""

import asyncio
import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Annotated, Any

from litestar import delete, get, patch, post
from litestar.params import HeaderParameter, Parameter
from msgspec import UNSET
from msgspec.structs import replace

from schemas.events import (
    AttendeeBlocked,
    AttendeeUnblocked,
    CheckinArrived,
    CheckinLeft,
    ConsentChanged,
    Input,
    MatchAnswered,
)
from schemas.times import written
from services.admission.intake import Result
from services.api.attendee.account_states import accounts_of
from services.api.attendee.devices import sign_ins_chunk, unseen
from services.api.attendee.inbox_stream import InboxShown, following, inbox
from services.api.attendee.matcher_queries import blocked, shown
from services.api.attendee.matcher_state import standing
from services.api.attendee.schemas import (
    AnswerGiven,
    At,
    Blocked,
    CardNamed,
    ConferenceShown,
    ConsentGiven,
    ConsentShown,
    Me,
    PlaceNamed,
    Unblock,
)
from services.api.gate import Gate, sole
from services.api.shared.guard import Caller
from services.api.shared.problems import ProblemError
from services.api.shared.roles import allow
from services.api.shared.server_sent_events import EventStream, Owner
from services.directory.port import DirectoryError
from services.inbox.cursor import cursor_of
from services.inbox.port import Shown

ATTENDEE = allow("attendee")


async def say(gate: Gate, caller: Caller, event: Input) -> Result:
    """An event of the attendee's own, durable."""
    return sole(await gate.intake.say([event], gate.sender(caller)))


def common(gate: Gate, caller: Caller) -> dict[str, Any]:
    """The fields that all of an attendee's events have."""
    return {
        "id": f"h-{secrets.token_hex(12)}",
        "at": written(gate.clock()),
        "conference": caller.conference,
        "attendee": caller.subject,
    }


@get("/v1/me", opt=ATTENDEE, tags=["attendee"])
async def me(gate: Gate, caller: Caller) -> Me:
    """Who I am here, what I agreed to, where I am."""
    conference, attendee, now = caller.conference, caller.subject, gate.clock()
    stands = await gate.ask(conference, lambda matcher: standing(matcher, attendee, now))
    person = await asyncio.to_thread(gate.directory.people.get, conference, attendee)
    shown = person is not None and person.show_name
    return Me(
        attendee=attendee,
        name=person.name if person else "",
        picture=person.picture if person else "",
        conference=_conference(gate, caller),
        consent=ConsentShown(stands.matching, stands.chats, stands.share_place, shown),
        present=stands.present,
        place=stands.place,
        accounts=await accounts_of(gate, conference, attendee),
        sign_ins=await unseen(gate, caller),
    )


def _conference(gate: Gate, caller: Caller) -> ConferenceShown:
    known = gate.conferences.get(caller.conference)
    if known is None or known.opened is None:
        return ConferenceShown(caller.conference, "", "UTC", (), False)
    opened = known.opened
    places = tuple(PlaceNamed(place.place, place.name) for place in opened.places)
    return ConferenceShown(known.id, opened.name, opened.time_zone, places, known.closed)


@get("/v1/me/inbox", opt=ATTENDEE, tags=["attendee"])
async def my_inbox(gate: Gate, caller: Caller) -> InboxShown:
    """My cards as they are now."""
    return await inbox(gate, caller.conference, caller.subject)


@get("/v1/me/stream", opt=ATTENDEE, tags=["attendee"])
async def my_stream(
    gate: Gate,
    caller: Caller,
    last_event_id: Annotated[str, HeaderParameter(name="last-event-id", required=False)] = "",
    after: Annotated[str, Parameter(required=False, description="As Last-Event-ID, for a first connection.")] = "",
) -> EventStream:
    """My cards as they come: server-sent events."""
    since = cursor_of(last_event_id or after)
    owner = Owner(caller.id, caller.conference, caller.subject)
    return EventStream(gate.hub, owner, lambda: _chunks(gate, caller, since))


async def _chunks(gate: Gate, caller: Caller, since: int | None) -> AsyncGenerator[bytes, None]:
    """Asked while the stream is open already: a sign-in after the question is told beside the entries."""
    try:
        news = await unseen(gate, caller)
    except DirectoryError:
        news = ()  # told when it opens the next time
    if news:
        yield sign_ins_chunk(news)
    async with aclosing(following(gate, caller.conference, caller.subject, since)) as chunks:
        async for part in chunks:
            yield part


@post("/v1/me/answers", opt=ATTENDEE, status_code=200, tags=["attendee"])
async def answer(gate: Gate, caller: Caller, data: AnswerGiven) -> Result:
    """What I say to a card."""
    card = await _card(gate, caller, data.card)
    if card is None or not card.is_open:
        raise ProblemError(409, "card", "This card is over, or not yours. Take your inbox again.", field="card")
    said = MatchAnswered(**common(gate, caller), match=data.card, answer=data.answer, place=data.place)
    return await say(gate, caller, said)


async def _card(gate: Gate, caller: Caller, card: str) -> Shown | None:
    """A card as it was shown to the caller: by the fold, and where that knows no open one, by the inbox itself, which
    also knows cards of somebody erased."""
    conference, attendee = caller.conference, caller.subject
    found = await gate.ask(conference, partial(shown, attendee=attendee, match=card))
    if found is not None and found.is_open:
        return found
    return await gate.inboxes.shown(conference, attendee, card)


@post("/v1/me/here", opt=ATTENDEE, status_code=200, tags=["attendee"])
async def here(gate: Gate, caller: Caller, data: At) -> Result:
    """I'm here."""
    return await say(gate, caller, CheckinArrived(**common(gate, caller), place=_place(gate, caller, data)))


@post("/v1/me/left", opt=ATTENDEE, status_code=200, tags=["attendee"])
async def left(gate: Gate, caller: Caller, data: At) -> Result:
    """I left this place, or without one the conference."""
    return await say(gate, caller, CheckinLeft(**common(gate, caller), place=_place(gate, caller, data)))


def _place(gate: Gate, caller: Caller, data: At) -> str | None:
    opened = gate.opened(caller)
    if data.place is not None and opened is not None and all(data.place != each.place for each in opened.places):
        raise ProblemError(422, "place", "The conference has no such place. See /v1/me for its places.", field="place")
    return data.place


@patch("/v1/me/consent", opt=ATTENDEE, tags=["attendee"])
async def consent(gate: Gate, caller: Caller, data: ConsentGiven) -> Result:
    """Changes what is named and leaves the rest."""
    if data.show_name is not UNSET:
        await asyncio.to_thread(_show_name, gate, caller, data.show_name)
    named = {name: getattr(data, name) for name in ("matching", "chats", "share_place")}
    changes = {name: value for name, value in named.items() if value is not UNSET}
    if not changes:
        if data.show_name is UNSET:
            raise ProblemError(422, "consent", "Nothing is named. Say matching, chats, share_place or show_name.")
        return Result("accepted")
    if changes.get("matching"):
        await gate.returning.confirmed(caller.conference, caller.subject)
    return await say(gate, caller, ConsentChanged(**common(gate, caller), **changes))


def _show_name(gate: Gate, caller: Caller, show: bool) -> None:
    person = gate.directory.people.get(caller.conference, caller.subject)
    if person is not None:
        gate.directory.people.change(replace(person, show_name=show))


@post("/v1/me/blocks", opt=ATTENDEE, status_code=200, tags=["attendee"])
async def block(gate: Gate, caller: Caller, data: CardNamed) -> Result:
    """Never with this person, both ways; seen by nobody."""
    card = await _card(gate, caller, data.card)
    if card is None:
        raise ProblemError(409, "card", "This card is not yours. Take your inbox again.", field="card")
    if not card.other:
        return Result("accepted")  # erased, so there is nobody to block; it looks like every other card that is over
    return await say(gate, caller, AttendeeBlocked(**common(gate, caller), blocked=card.other))


def _handle(gate: Gate, caller: Caller, other: str) -> str:
    return gate.directory.trace(f"block {caller.conference} {caller.subject} {other}")


@get("/v1/me/blocks", opt=ATTENDEE, tags=["attendee"])
async def blocks(gate: Gate, caller: Caller) -> list[Blocked]:
    """Whom I blocked by a card, in the order in which I did."""
    others = await gate.ask(caller.conference, partial(blocked, attendee=caller.subject))
    people = await asyncio.to_thread(gate.directory.display, caller.conference, others)
    return [Blocked(_handle(gate, caller, other), people[other].name, people[other].picture) for other in others]


@delete("/v1/me/blocks", opt=ATTENDEE, status_code=200, tags=["attendee"])
async def unblock(gate: Gate, caller: Caller, data: Unblock) -> Result:
    """Takes a block back."""
    others = await gate.ask(caller.conference, partial(blocked, attendee=caller.subject))
    for other in others:
        if _handle(gate, caller, other) == data.blocked:
            return await say(gate, caller, AttendeeUnblocked(**common(gate, caller), blocked=other))
    raise ProblemError(404, "block", "You blocked nobody under this. See GET /v1/me/blocks.", field="blocked")


ROUTES = [me, my_inbox, my_stream, answer, here, left, consent, block, blocks, unblock]
