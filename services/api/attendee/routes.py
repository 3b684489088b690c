"""Routes of the attendee's page: me, inbox, stream, answers, presence, consent, blocks.

Invariants: a route acts for the session's attendee only, and never names another attendee by their id.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Annotated

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
    MatchAnswered,
)
from services.admission.conference_registry import ConferenceRegistry
from services.admission.registration.returning_attendees import ReturningAttendees
from services.admission.results import Result
from services.api.attendee.account_states import AccountStates
from services.api.attendee.attendee_state import attendee_state
from services.api.attendee.block_list import BlockList
from services.api.attendee.inbox_stream import InboxReader, InboxShown
from services.api.attendee.matcher_queries import find_card
from services.api.attendee.own_events import OwnEvents
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
from services.api.shared.guard import Caller
from services.api.shared.injection import Clock, Injected
from services.api.shared.problems import ProblemError
from services.api.shared.roles import allow
from services.api.shared.server_sent_events import EventStream, StreamOwner, StreamRegistry
from services.api.shared.sign_in_notices import SignInNotices, sign_ins_chunk
from services.directory.port import DirectoryError, People
from services.inbox.cursor import parse_cursor
from services.inbox.port import CardState, Inboxes
from services.runtime.ports import Matchers

ATTENDEE = allow("attendee")


@get("/v1/me", opt=ATTENDEE, tags=["attendee"])
async def me(
    caller: Injected[Caller],
    matchers: Injected[Matchers],
    people: Injected[People],
    registry: Injected[ConferenceRegistry],
    account_states: Injected[AccountStates],
    notices: Injected[SignInNotices],
    clock: Injected[Clock],
) -> Me:
    """Shows the attendee's profile, consents and presence."""
    conference, attendee, now = caller.conference, caller.subject, clock()
    state = await matchers.ask(conference, lambda matcher: attendee_state(matcher, attendee, now))
    person = await asyncio.to_thread(people.get, conference, attendee)
    shows_name = person is not None and person.show_name
    return Me(
        attendee=attendee,
        name=person.name if person else "",
        picture=person.picture if person else "",
        conference=_conference(registry, conference),
        consent=ConsentShown(state.matching, state.chats, state.share_place, shows_name),
        present=state.present,
        place=state.place,
        accounts=await account_states.read(conference, attendee),
        sign_ins=await notices.unseen(caller),
    )


def _conference(conferences: ConferenceRegistry, conference: str) -> ConferenceShown:
    known = conferences.get(conference)
    if known is None or known.opened is None:
        return ConferenceShown(conference, "", "UTC", (), False)
    opened = known.opened
    places = tuple(PlaceNamed(place.place, place.name) for place in opened.places)
    return ConferenceShown(known.id, opened.name, opened.time_zone, places, known.closed)


@get("/v1/me/inbox", opt=ATTENDEE, tags=["attendee"])
async def my_inbox(caller: Injected[Caller], inbox: Injected[InboxReader]) -> InboxShown:
    """Shows the current cards."""
    return await inbox.read(caller.conference, caller.subject)


@get("/v1/me/stream", opt=ATTENDEE, tags=["attendee"])
async def my_stream(
    caller: Injected[Caller],
    inbox: Injected[InboxReader],
    notices: Injected[SignInNotices],
    streams: Injected[StreamRegistry],
    last_event_id: Annotated[str, HeaderParameter(name="last-event-id", required=False)] = "",
    after: Annotated[str, Parameter(required=False, description="As Last-Event-ID, for a first connection.")] = "",
) -> EventStream:
    """Streams cards as they come: server-sent events."""
    since = parse_cursor(last_event_id or after)
    owner = StreamOwner(caller.id, caller.conference, caller.subject)
    return EventStream(streams, owner, lambda: _chunks(inbox, notices, caller, since))


async def _chunks(
    inbox: InboxReader, notices: SignInNotices, caller: Caller, since: int | None
) -> AsyncGenerator[bytes, None]:
    """Pending sign-ins first, then the inbox. The stream is registered already, so a later sign-in is a notice."""
    try:
        news = await notices.unseen(caller)
    except DirectoryError:
        news = ()  # the next stream gets them
    if news:
        yield sign_ins_chunk(news)
    async with aclosing(inbox.follow(caller.conference, caller.subject, since)) as chunks:
        async for part in chunks:
            yield part


@post("/v1/me/answers", opt=ATTENDEE, status_code=200, tags=["attendee"])
async def answer(
    caller: Injected[Caller],
    matchers: Injected[Matchers],
    inboxes: Injected[Inboxes],
    own_events: Injected[OwnEvents],
    data: AnswerGiven,
) -> Result:
    """Answers a card."""
    card = await _card(matchers, inboxes, caller, data.card)
    if card is None or not card.is_open:
        raise ProblemError(409, "card", "This card is over, or not yours. Take your inbox again.", field="card")
    return await own_events.submit(caller, MatchAnswered, match=data.card, answer=data.answer, place=data.place)


async def _card(matchers: Matchers, inboxes: Inboxes, caller: Caller, card: str) -> CardState | None:
    """A card that was shown to the caller: from the matcher, or where it knows no open one, from the inbox, which also
    knows cards about somebody who was erased."""
    conference, attendee = caller.conference, caller.subject
    found = await matchers.ask(conference, partial(find_card, attendee=attendee, match=card))
    if found is not None and found.is_open:
        return found
    return await inboxes.card_state(conference, attendee, card)


@post("/v1/me/here", opt=ATTENDEE, status_code=200, tags=["attendee"])
async def here(
    caller: Injected[Caller], registry: Injected[ConferenceRegistry], own_events: Injected[OwnEvents], data: At
) -> Result:
    """Checks the attendee in: "I'm here"."""
    return await own_events.submit(caller, CheckinArrived, place=_place(registry, caller, data))


@post("/v1/me/left", opt=ATTENDEE, status_code=200, tags=["attendee"])
async def left(
    caller: Injected[Caller], registry: Injected[ConferenceRegistry], own_events: Injected[OwnEvents], data: At
) -> Result:
    """Checks the attendee out of a place, or without one out of the conference."""
    return await own_events.submit(caller, CheckinLeft, place=_place(registry, caller, data))


def _place(conferences: ConferenceRegistry, caller: Caller, data: At) -> str | None:
    known = conferences.get(caller.conference)
    opened = None if known is None else known.opened
    if data.place is not None and opened is not None and all(data.place != each.place for each in opened.places):
        raise ProblemError(422, "place", "The conference has no such place. See /v1/me for its places.", field="place")
    return data.place


@patch("/v1/me/consent", opt=ATTENDEE, tags=["attendee"])
async def consent(
    caller: Injected[Caller],
    people: Injected[People],
    returning: Injected[ReturningAttendees],
    own_events: Injected[OwnEvents],
    data: ConsentGiven,
) -> Result:
    """Changes the given consents and leaves the others."""
    if data.show_name is not UNSET:
        await asyncio.to_thread(_show_name, people, caller, data.show_name)
    named = {name: getattr(data, name) for name in ("matching", "chats", "share_place")}
    changes = {name: value for name, value in named.items() if value is not UNSET}
    if not changes:
        if data.show_name is UNSET:
            raise ProblemError(422, "consent", "Nothing is named. Say matching, chats, share_place or show_name.")
        return Result("accepted")
    if changes.get("matching"):
        await returning.confirm(caller.conference, caller.subject)
    return await own_events.submit(caller, ConsentChanged, **changes)


def _show_name(people: People, caller: Caller, show: bool) -> None:
    person = people.get(caller.conference, caller.subject)
    if person is not None:
        people.change(replace(person, show_name=show))


@post("/v1/me/blocks", opt=ATTENDEE, status_code=200, tags=["attendee"])
async def block(
    caller: Injected[Caller],
    matchers: Injected[Matchers],
    inboxes: Injected[Inboxes],
    own_events: Injected[OwnEvents],
    data: CardNamed,
) -> Result:
    """Blocks the person on a card, in both directions; nobody sees it."""
    card = await _card(matchers, inboxes, caller, data.card)
    if card is None:
        raise ProblemError(409, "card", "This card is not yours. Take your inbox again.", field="card")
    if not card.other:
        return Result(
            "accepted"
        )  # erased: nobody is left to block, and the answer must be that of any card that is over
    return await own_events.submit(caller, AttendeeBlocked, blocked=card.other)


@get("/v1/me/blocks", opt=ATTENDEE, tags=["attendee"])
async def blocks(caller: Injected[Caller], block_list: Injected[BlockList]) -> list[Blocked]:
    """Lists the people who were blocked on a card, in the order of the blocks."""
    return await block_list.read(caller.conference, caller.subject)


@delete("/v1/me/blocks", opt=ATTENDEE, status_code=200, tags=["attendee"])
async def unblock(
    caller: Injected[Caller], block_list: Injected[BlockList], own_events: Injected[OwnEvents], data: Unblock
) -> Result:
    """Removes a block."""
    other = await block_list.find(caller.conference, caller.subject, data.blocked)
    if other is None:
        raise ProblemError(404, "block", "You blocked nobody under this. See GET /v1/me/blocks.", field="blocked")
    return await own_events.submit(caller, AttendeeUnblocked, blocked=other)


ROUTES = [me, my_inbox, my_stream, answer, here, left, consent, block, blocks, unblock]
