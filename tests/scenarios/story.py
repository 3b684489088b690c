"""A conference told event by event, as its log would hold it.

Owns: times, ids and the fields that do not matter to the rule. May never: know what should come of the story.
Times are texts "HH:MM", "HH:MM:SS.mmm", or with a day before or after the first: "1d 10:00", "-400d 08:00".
Day 0 is Monday, 9 March 2026 (UTC). The posts of a story are "x:1", "x:2" …; other ids are "e1", "e2" …
"""

from __future__ import annotations

import re
from typing import Any

from schemas.times import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, format_time, millis

Json = dict[str, Any]
ONE_EACH: Json = {"known_each": 1, "known_posts": 2, "known_days": 1}  # a policy: one post each way is enough
CONFERENCE = "himss"
_DAY_0 = millis("2026-03-09T00:00:00Z")
_TIME = re.compile(r"(?:(-?\d+)d )?(\d\d):(\d\d)(?::(\d\d)\.(\d{3}))?")


def when(text: str) -> str:
    """The public form of a story's time."""
    found = _TIME.fullmatch(text)
    assert found, f"not a time of a story: {text!r}"
    day, hour, minute, second, ms = (int(part or 0) for part in found.groups())
    return format_time(_DAY_0 + day * DAY_MS + hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS + ms)


def day_before(text: str) -> str:
    """A story's time, a day earlier."""
    day, _, clock = text.rpartition("d ")
    return f"{int(day or 0) - 1}d {clock}"


class Story:
    """Builds `events`. `at()` moves the log's time; an event's own `at=` may name another one."""

    def __init__(self, recorded: bool = True) -> None:
        self.events: list[Json] = []
        self._time, self._now = "08:00", when("08:00")
        self._recorded = recorded
        self._posts = 0

    def at(self, text: str) -> Story:
        """From here on it is this time."""
        self._time, self._now = text, when(text)
        return self

    def event(self, kind: str, *, id: str | None = None, at: str | None = None, **fields: Any) -> Story:
        """Adds any event. `at`: when it happened, if not now."""
        event = {"type": kind, "id": id or f"e{len(self.events) + 1}", "at": when(at) if at else self._now}
        event |= {"conference": CONFERENCE, **fields}
        if self._recorded:
            event["recorded_at"] = self._now
        self.events.append(event)
        return self

    def again(self, id: str, **changes: Any) -> Story:
        """The event with this id comes once more, recorded now."""
        event = next(e for e in self.events if e["id"] == id)
        self.events.append({**event, "recorded_at": self._now, **changes})
        return self

    # The conference

    def open(
        self,
        *,
        chats: list[Json] | None = None,
        organizer: str | None = None,
        id: str | None = None,
        at: str | None = None,
        **matching: Any,
    ) -> Story:
        fields: Json = {"organizer": organizer} if organizer else {}
        fields |= {"matching": matching} if matching else {}
        return self.event(
            "conference.opened",
            id=id,
            at=at,
            name="HIMSS",
            hashtags=["himss26"],
            starts_at=when("07:00"),
            ends_at=when("4d 18:00"),
            time_zone="America/Los_Angeles",
            places=[{"place": "hall-a", "name": "Hall A"}, {"place": "hall-b", "name": "Hall B"}],
            chats=chats or [],
            **fields,
        )

    def close(self, **common: Any) -> Story:
        return self.event("conference.closed", **common)

    def tick(self, **common: Any) -> Story:
        return self.event("clock.ticked", **common)

    # People

    def register(
        self,
        who: str,
        *accounts: str,
        matching: bool = True,
        chats: bool = True,
        share: bool = True,
        **common: Any,
    ) -> Story:
        consent = {"matching": matching, "chats": chats, "share_place": share}
        return self.event("attendee.registered", attendee=who, accounts=list(accounts), consent=consent, **common)

    def verify(self, who: str, account: str, **common: Any) -> Story:
        return self.event("account.verified", attendee=who, account=account, method="post", **common)

    def release(self, who: str, account: str, **common: Any) -> Story:
        return self.event("account.released", attendee=who, account=account, **common)

    def consent(self, who: str, **fields: Any) -> Story:
        return self.event("consent.changed", attendee=who, **fields)

    def block(self, who: str, blocked: str, **common: Any) -> Story:
        return self.event("attendee.blocked", attendee=who, blocked=blocked, **common)

    def unblock(self, who: str, blocked: str, **common: Any) -> Story:
        return self.event("attendee.unblocked", attendee=who, blocked=blocked, **common)

    def erase(self, who: str, **common: Any) -> Story:
        return self.event("attendee.erased", attendee=who, **common)

    def arrive(self, who: str, place: str | None = None, **common: Any) -> Story:
        return self.event("checkin.arrived", attendee=who, **({"place": place} if place else {}), **common)

    def leave(self, who: str, place: str | None = None, **common: Any) -> Story:
        return self.event("checkin.left", attendee=who, **({"place": place} if place else {}), **common)

    def answer(self, who: str, other: str, word: str, *, n: int = 0, **common: Any) -> Story:
        """Answers the n-th match with the other; `place` for a `here`."""
        match = [*sorted((who, other)), n]
        return self.event("match.answered", match=match, attendee=who, answer=word, **common)

    # Posts

    def post(self, actor: str, *to: str, tags: list[str] | None = None, id: str | None = None, **fields: Any) -> Story:
        """A post of `actor` that mentions `to`."""
        self._posts += 1
        return self.event(
            "activity.posted",
            id=id or f"x:{self._posts}",
            actor=actor,
            hashtags=tags or [],
            mentions=list(to),
            **fields,
        )

    def talk(self, a: str, b: str, posts: int = 4, at: str | None = None, **fields: Any) -> Story:
        """Posts in turn, the first account beginning; the first two a day before the others. So four make known."""
        time = at or self._time
        for n in range(posts):
            pair = (a, b) if n % 2 == 0 else (b, a)
            self.post(*pair, at=day_before(time) if n < 2 else time, **fields)
        return self

    def delete(self, actor: str, post: str, **common: Any) -> Story:
        return self.event("activity.deleted", actor=actor, deleted=post, **common)

    # Casts that most stories begin with

    def people(self, *names: str, **consents: Any) -> Story:
        """Each registered with the verified account x:name."""
        for name in names:
            self.register(name, **consents).verify(name, f"x:{name}")
        return self

    def all_arrive(self, *names: str, place: str | None = None) -> Story:
        """One after the other, with the ids ada-in, bob-in …"""
        for name in names:
            self.arrive(name, place, id=f"{name}-in")
        return self


def friends(*names: str, share: bool = True, **opening: Any) -> Story:
    """An open conference at 08:00 whose people all know each other: two posts each way on two days for each pair."""
    story = Story().open(**opening).people(*names, share=share)
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            story.talk(f"x:{a}", f"x:{b}")
    return story


def met_at_ten(*names: str, share: bool = True, **opening: Any) -> Story:
    """Friends who all arrive at 10:00, so that what can be suggested is."""
    return friends(*names, share=share, **opening).at("10:00").all_arrive(*names)
