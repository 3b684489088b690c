"""A story played in a hall, and everything that ada gets of it.

Responsibility: each step over HTTP, and after each what ada is shown. Whoever is not ada is not looked at.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.private.hall import Answer, Hall
from tests.private.stories import OTHERS, WATCHED, Step, Story

ANSWERS = frozenset({"accepted", "later", "declined", "met", "not_met", "here"})
LOOKS = ("/v1/me", "/v1/me/inbox", "/v1/me/blocks")
OLD_FORMS = ("4711-0", "3-1", "x", "999999999")


@dataclass
class Seen:
    """What ada got, in order, and how much there was to see. ``acts``: what was done in private, and took effect."""

    told: list[tuple[str, Any]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    acts: list[str] = field(default_factory=list)


async def play(hall: Hall, made: Story, steps: Sequence[Step]) -> Seen:
    """The whole story; the hall is new."""
    await hall.enter(WATCHED, *OTHERS)
    for one, other, more in made.ties:
        await hall.talk(one, other, more)
    seen, now = Seen(), hall.log_now()
    async with hall.stream(WATCHED) as live:
        for number, step in enumerate(steps):
            now += step.after_ms
            await hall.at(now)
            await _do(hall, seen, number, step)
            await hall.settled()
            inbox = await _look(hall, seen)
            await live.until(lambda count=int(inbox["position"]): live.cursor >= count)
            seen.told.append((f"live {number}", live.taken()))
    seen.told.append(("live", (live.status, live.headers)))
    last = int(inbox["position"])
    cursors = ["", *map(str, range(last + 3)), *OLD_FORMS]
    resumed = await asyncio.gather(*[hall.resumed(WATCHED, each) for each in cursors])
    seen.told += list(zip([f"from {each!r}" for each in cursors], resumed, strict=True))
    seen.told.append(("data", _without_ids((await hall.ask(WATCHED, "GET", "/v1/me/data")).json())))
    kinds = b"".join(bytes_ for _, bytes_ in seen.told if isinstance(bytes_, bytes) and _.startswith("live"))
    for kind in ("suggested", "agreed", "withdrawn"):
        seen.counts[kind] = kinds.count(f"event: {kind}\n".encode())
    return seen


def _without_ids(data: dict[str, Any]) -> dict[str, Any]:
    """Of ada's own events all but the random ids that the server made for them, and when her session began."""
    for event in data["events"]:
        del event["id"]
    return data


async def _look(hall: Hall, seen: Seen) -> Any:
    answers = [await hall.ask(WATCHED, "GET", path) for path in LOOKS]
    seen.told.append(("looks", answers))
    return answers[1].json()


async def _do(hall: Hall, seen: Seen, number: int, step: Step) -> None:
    """A step; what comes back is ada's to see if it is her own."""
    answer = await _done(hall, f"s{number}", step)
    if step.what.startswith("~") and step.what != "~nothing" and answer is not None:
        seen.acts.append(f"{number} {step.who} {step.what}")
    if step.who == WATCHED and answer is not None:
        seen.told.append((step.what, answer))
        seen.counts[f"ada {answer.status}"] += 1


async def _done(hall: Hall, number: str, step: Step) -> Answer | None:
    who, what = step.who, step.what.removeprefix("~")
    if step.what.startswith("~") and not await _is_private(hall, who):
        return None
    match what:
        case "nothing":
            return None
        case "arrives":
            return await hall.ask(who, "POST", "/v1/me/here", {"place": step.place})
        case "leaves":
            return await hall.ask(who, "POST", "/v1/me/left", {})
        case "pauses":
            return await hall.ask(who, "PATCH", "/v1/me/consent", {"matching": False})
        case "shares" | "hides":
            return await hall.ask(who, "PATCH", "/v1/me/consent", {"share_place": what == "shares"})
        case "is erased":
            return await hall.ask(who, "DELETE", "/v1/me", {"confirm": "erase me"})
        case "loses the account":
            await hall.verify("nobody", hall.accounts(who))
            return None
        case "block account" | "unblock account":
            kind = "attendee.blocked" if what == "block account" else "attendee.unblocked"
            event = hall.event(kind, number, attendee=who, blocked=hall.accounts(step.whom))
            return await hall.ask(who, "POST", "/v1/events", [event])
        case "unblock":
            blocks = (await hall.ask(who, "GET", "/v1/me/blocks")).json()
            handles = [each["blocked"] for each in blocks if each["name"] == step.whom.title()] if blocks else []
            return await hall.ask(who, "DELETE", "/v1/me/blocks", {"blocked": (handles or ["none"])[0]})
        case "block":
            return await hall.ask(who, "POST", "/v1/me/blocks", {"card": await hall.card(who, step.whom) or "none"})
        case _:
            said = "accepted" if what == "agrees with" else what
            body = {"card": await hall.card(who, step.whom) or "none", "answer": said}
            place = {"place": step.place or "hall-a"} if said == "here" else {}
            return await hall.ask(who, "POST", "/v1/me/answers", body | place)


async def _is_private(hall: Hall, who: str) -> bool:
    """The law is about a card that ada has and that is not agreed: what is said then is nobody's but who said it."""

    def look(matcher: Any) -> bool:
        card = matcher.state.cards.get((min(who, WATCHED), max(who, WATCHED)))
        return card is not None and not card.ended and WATCHED not in card.withdrawn_from and not card.agreed

    return await hall.parts.runner.ask(hall.conference, look)
