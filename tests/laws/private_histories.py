"""Histories in which one person's private acts can be replaced: small and dense, with budget for every suggestion.

Invariants: no rule of the engine is used here, and no result of a history.
Why: a history is a list of items: an event, or a slot for a private act of Bob about Ada, with two alternatives (or
none). All their other acts, and everything that others do, are the same in both versions.
"""

from dataclasses import dataclass
from random import Random
from typing import Any

from schemas.times import DAY_MS, HOUR_MS, MINUTE_MS, format_time, millis
from streams.matching.ids import match_id
from tests.scenarios.story import CONFERENCE, ONE_EACH

Json = dict[str, Any]
BEGIN = millis("2026-03-09T08:00:00Z")
WAITS = [0, 0, 0, 0, 1, 10 * MINUTE_MS, 20 * MINUTE_MS, 30 * MINUTE_MS, HOUR_MS, HOUR_MS, 4 * HOUR_MS]
SHIFTS = [0, 0, 0, -1, -10 * MINUTE_MS, -HOUR_MS, -4 * HOUR_MS]
ROOM = {"per_hour": 1_000, "per_day": 1_000}
POLICIES: list[Json] = [
    {**ROOM, **ONE_EACH, "chat_sessions": 1, "chat_weight": 0},
    {**ROOM, **ONE_EACH, "chat_sessions": 2, "chat_weight": 0, "presence_hours": 2, "accounts": "claimed"},
    {**ROOM, "chat_sessions": 1, "chat_weight": 909, "presence_hours": 24, "evidence_days": 2},
]
ANSWERS = ["accepted", "later", "later", "declined", "met", "not_met", "here"]
STEPS: dict[str, float] = {
    "place": 50,
    "own": 12,
    "answer": 6,
    "arrive": 9,
    "leave": 2,
    "consent": 3,
    "talk": 3,
    "chat": 3,
    "delete": 5,
}
STEPS |= {"tick": 5, "prove": 2, "upload": 2, "erase": 0.4, "open": 1.5, "block": 2, "close": 0.1}


class Drawing:
    """Draws the items of one history. Ada and Bob are two of its people, by any order of their names."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._now = BEGIN
        self._posts: list[tuple[str, str]] = []
        self._people = [f"p{n}" for n in range(random.choice([2, 3, 3, 4]))]
        self.ada, self.bob = random.sample(self._people, 2)
        self.items: list[Json] = []

    def draw(self, steps: int) -> None:
        self._open()
        for name in self._people:
            accounts = [f"x:{name}", f"m:{name}"]
            consent = {"matching": True, "chats": True, "share_place": self._random.random() < 0.8}
            self._add("attendee.registered", attendee=name, accounts=accounts, consent=consent)
            for account in accounts:
                self._add("account.verified", attendee=name, account=account, method="m")
        for days in (1, 0):
            self._know_each_other(self.ada, self.bob, days)
            a, b = self._random.sample(self._people, 2)
            self._know_each_other(a, b, days)
        for name in self._random.sample(self._people, len(self._people)):
            self._add("checkin.arrived", attendee=name, place="hall-a")
        for kind in self._random.choices(list(STEPS), list(STEPS.values()), k=steps):
            self._now += self._random.choice(WAITS)
            getattr(self, f"_{kind}")()
        for _ in range(3):
            self._now += 5 * HOUR_MS
            self._tick()

    def _event(self, kind: str, shift: int = 0, **fields: Any) -> Json:
        common = {"type": kind, "id": f"e{len(self.items)}", "conference": CONFERENCE}
        return {**common, "at": format_time(self._now + shift), "recorded_at": format_time(self._now), **fields}

    def _add(self, kind: str, shift: int = 0, **fields: Any) -> None:
        self.items.append(self._event(kind, shift, **fields))

    def _someone(self) -> str:
        return self._random.choice(self._people)

    def _pair(self) -> list[str]:
        """Mostly Ada and Bob."""
        pair = [self.ada, self.bob] if self._random.random() < 0.7 else self._people
        return self._random.sample(pair, 2)

    def _account(self, name: str) -> str:
        return f"{self._random.choice('xxm')}:{name}"

    def _shift(self) -> int:
        return self._random.choice(SHIFTS)

    # What is private

    def _place(self) -> None:
        self.items.append({"said": [self._private(), self._private()]})

    def _private(self) -> Json | None:
        """What Bob says about Ada, if anything."""
        kind = self._random.choice(["nothing", "answer", "answer", "answer", "attendee.blocked", "attendee.unblocked"])
        if kind == "nothing":
            return None
        if kind == "answer":
            return self._answered(self.bob, self.ada, self._random.choice(ANSWERS))
        # Only Ada has or claims x:Ada; her other account may go to somebody else.
        blocked = self._random.choice([self.ada, f"x:{self.ada}"])
        return self._event(kind, self._shift(), attendee=self.bob, blocked=blocked)

    def _answered(self, who: str, other: str, word: str) -> Json:
        number = self._random.choice([0, 0, 0, 1])
        fields: Json = {"place": "hall-b"} if word == "here" else {}
        match = match_id(CONFERENCE, who, other, number)
        return self._event("match.answered", self._shift(), match=match, attendee=who, answer=word, **fields)

    # What is the same in both

    def _own(self) -> None:
        """Ada's own answer, or block."""
        if self._random.random() < 0.9:
            self.items.append(self._answered(self.ada, self.bob, self._random.choice(ANSWERS)))
        else:
            kind = self._random.choice(["attendee.blocked", "attendee.unblocked"])
            blocked = self._random.choice([self.bob, f"x:{self.bob}"])
            self._add(kind, self._shift(), attendee=self.ada, blocked=blocked)

    def _others(self) -> list[str]:
        """Two of whom one at least is neither Ada nor Bob."""
        pair = self._random.sample(self._people, 2)
        return [] if {*pair} == {self.ada, self.bob} else pair

    def _answer(self) -> None:
        if pair := self._others():
            word = self._random.choice(["accepted", *ANSWERS])
            self.items.append(self._answered(pair[0], pair[1], word))

    def _block(self) -> None:
        if pair := self._others():
            kind = self._random.choice(["attendee.blocked", "attendee.unblocked"])
            self._add(kind, self._shift(), attendee=pair[0], blocked=self._random.choice([pair[1], f"x:{pair[1]}"]))

    def _open(self) -> None:
        window = {"hashtag": "fri", "weekday": 0, "start": "09:00", "minutes": 600, "time_zone": "UTC"}
        chats: list[Json] = [{"hashtag": "day"}, window]
        self._add(
            "conference.opened",
            name="HIMSS",
            hashtags=["himss"],
            starts_at=format_time(BEGIN),
            ends_at=format_time(BEGIN + 5 * DAY_MS),
            time_zone="America/Chicago",
            places=[],
            chats=chats[: self._random.choice([1, 2, 2])],
            matching=self._random.choice(POLICIES),
        )

    def _close(self) -> None:
        self._add("conference.closed")

    def _tick(self) -> None:
        self._add("clock.ticked")

    def _arrive(self) -> None:
        fields = {"place": self._random.choice(["hall-a", "hall-b"])} if self._random.random() < 0.7 else {}
        self._add("checkin.arrived", self._shift(), attendee=self._someone(), **fields)

    def _leave(self) -> None:
        fields = {"place": "hall-a"} if self._random.random() < 0.3 else {}
        name = self._someone()
        self._add("checkin.left", self._shift(), attendee=name, **fields)
        if self._random.random() < 0.5:
            self._add("checkin.arrived", attendee=name)

    def _consent(self) -> None:
        name = self._random.choice(["matching", "chats", "chats", "share_place"])
        self._add("consent.changed", self._shift(), attendee=self._someone(), **{name: self._random.random() < 0.5})

    def _post(self, actor: str, to: list[str], tags: list[str], days: int, **fields: Any) -> None:
        self._posts.append((actor, f"e{len(self.items)}"))
        shift = -days * DAY_MS
        self._add("activity.posted", shift, actor=actor, mentions=to, hashtags=tags, **fields)

    def _know_each_other(self, a: str, b: str, days: int) -> None:
        """They talk, or are in one chat only."""
        if self._random.random() < 0.6:
            self._post(f"x:{a}", [f"x:{b}"], [], days)
            self._post(f"x:{b}", [f"x:{a}"], [], days)
        else:
            self._post(f"x:{a}", [], ["day"], days)
            self._post(f"x:{b}", [], ["day"], days)

    def _talk(self) -> None:
        a, b = self._pair()
        one, other = self._account(a), self._account(b)
        self._post(one, [other], [], 0)
        self._post(other, [one], [], 0)

    def _chat(self) -> None:
        for name in self._pair():
            self._post(self._account(name), [], [self._random.choice(["day", "day", "fri"])], 0)

    def _upload(self) -> None:
        one, other = self._pair()
        account = self._account(one)
        self._post(account, [], ["day"], 0, source=f"attendee:{one}")
        if self._random.random() < 0.5:
            self._post(self._account(other), [account], ["day"], 0)

    def _delete(self) -> None:
        actor, post = self._random.choice(self._posts)
        self._add("activity.deleted", actor=actor, deleted=post)

    def _prove(self) -> None:
        self._add("account.verified", attendee=self._someone(), account=f"m:{self._someone()}", method="m")

    def _erase(self) -> None:
        self._add("attendee.erased", attendee=self._someone())


@dataclass
class Case:
    """A history, and whose private acts of which match are replaced in it."""

    items: list[Json]
    ada: str
    bob: str
    number: int  # of the match: 0, or 1 after the first one was withdrawn

    @property
    def match(self) -> str:
        return match_id(CONFERENCE, self.ada, self.bob, self.number)


def drawn(seed: int) -> Case:
    """The case of a seed."""
    random = Random(seed)
    drawing = Drawing(random)
    drawing.draw(random.randint(10, 45))
    return Case(drawing.items, drawing.ada, drawing.bob, random.choice([0, 0, 0, 1]))
