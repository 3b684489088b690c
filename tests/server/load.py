"""Load over HTTP that outlives its server: unanswered events are sent again, with the same ids.

Responsibility: what was sent, and what was answered; an answer is never counted for another event.
Why: each sender has one batch in flight. If the connection breaks, it is unknown what was accepted; the ids make
resending safe, and for a line that is not an event its bytes do.
"""

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec

from tests.api.people import now
from tests.server.process import CANARY, CONFERENCE, Hallway, Person, until

BUSY = (429, 503, 507)
_ANSWERS = ("accepted", "accepted", "later", "declined")
_PAUSE_S = 0.02  # of a sender that was told to come again, or had nothing to say


@dataclass
class Ledger:
    """By the ids as they were sent: the type of every event, and where an accepted one stands."""

    sent: dict[str, str] = field(default_factory=dict)
    offsets: dict[str, int] = field(default_factory=dict)
    accepted: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    bad_sent: set[str] = field(default_factory=set)
    bad_answered: set[str] = field(default_factory=set)
    busy: int = 0  # answers that said to come again


@dataclass
class Batch:
    """Events, and lines that are none."""

    events: list[dict[str, Any]]
    bad: list[str] = field(default_factory=list)

    def body(self) -> bytes:
        """As JSONL."""
        return b"\n".join([*[msgspec.json.encode(event) for event in self.events], *[bad.encode() for bad in self.bad]])


class Sender:
    """Has one batch under way; ``make`` gives the next, or none."""

    def __init__(self, key: str, session: str, make: Callable[[httpx.Client], Batch | None], ledger: Ledger) -> None:
        self.key, self.session, self._make, self._ledger = key, session, make, ledger
        self._under_way: Batch | None = None

    def step(self, http: httpx.Client) -> bool:
        """Sends once; whether a batch was taken. httpx.HTTPError: the line broke."""
        batch = self._under_way = self._under_way or self._make(http)
        if batch is None:
            time.sleep(_PAUSE_S)
            return False
        self._ledger.sent.update({event["id"]: event["type"] for event in batch.events})
        self._ledger.bad_sent.update(batch.bad)
        answer = http.post("/v1/events", content=batch.body(), headers={"content-type": "application/x-ndjson"})
        if answer.status_code in BUSY:
            self._ledger.busy += 1
            time.sleep(_PAUSE_S)
            return False
        assert answer.status_code == 200, answer.text
        self._note(batch.events, batch.bad, answer.json()["results"])
        self._under_way = None
        return True

    def _note(self, events: list[dict[str, Any]], bad: list[str], results: list[dict[str, Any]]) -> None:
        assert len(results) == len(events) + len(bad)
        for event, result in zip(events, results, strict=False):
            assert result["status"] in ("accepted", "duplicate"), result
            self._ledger.answered.add(event["id"])
            if result["status"] == "accepted":
                assert event["id"] not in self._ledger.accepted, "accepted twice"
                self._ledger.accepted.add(event["id"])
                if "offset" in result:  # attendees are not told
                    self._ledger.offsets[event["id"]] = result["offset"]
        for line, result in zip(bad, results[len(events) :], strict=True):
            assert result["status"] == "rejected", result
            self._ledger.bad_answered.add(line)


class Load:
    """Posts, check-ins and answers of people, drawn with ``seed``; one thread a sender."""

    def __init__(self, seed: int, people: list[Person]) -> None:
        self.people, self.ledger, self.taken = people, Ledger(), 0
        self.faults: list[BaseException] = []
        self._chance = random.Random(seed)
        self._numbers = {"post": 0, "checkin": 0, "bad": 0}
        self._answers: deque[Person] = deque(people)
        self._going = threading.Event()
        self._senders = [
            Sender("connector", "", self._posts, self.ledger),
            Sender("organizer", "", self._checkins, self.ledger),
            *[Sender("", who.session, self._answerer(who), self.ledger) for who in people[:3]],
        ]

    @contextmanager
    def on(self, hallway: Hallway) -> Iterator[None]:
        """Sends as long as the context, or until the line breaks."""
        self._going.set()
        threads = [threading.Thread(target=self._run, args=(each, hallway), daemon=True) for each in self._senders]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._going.clear()
            for thread in threads:
                thread.join(60)
        assert not self.faults, self.faults

    def wait_for(self, count: int) -> None:
        """Until so many more batches are taken."""
        goal = self.taken + count
        until(lambda: self.taken >= goal or self.faults)

    def finish(self, hallway: Hallway) -> None:
        """Sends what is still under way."""
        for sender in self._senders:
            with self._line(sender, hallway) as http:
                until(lambda s=sender, h=http: s._under_way is None or s.step(h))

    def _line(self, sender: Sender, hallway: Hallway) -> httpx.Client:
        return hallway.client(sender.key or None, sender.session)

    def _run(self, sender: Sender, hallway: Hallway) -> None:
        try:
            with self._line(sender, hallway) as http:
                while self._going.is_set():
                    self.taken += sender.step(http)
        except httpx.HTTPError:
            return  # killed: the batch is sent again to the next
        except BaseException as error:  # noqa: BLE001  # told by ``wait_for`` and at the end
            self.faults.append(error)

    # -- what is said ------------------------------------------------------------------------------------------------

    def _next(self, kind: str) -> int:
        self._numbers[kind] += 1
        return self._numbers[kind]

    def _posts(self, http: httpx.Client) -> Batch:
        events = []
        for _ in range(12):
            one, other = self._chance.sample(self.people, 2)
            at = now(-self._chance.choice((0, 86_400)))  # people know each other by posts of two days
            common = {"type": "activity.posted", "at": at, "hashtags": ["hitsm"]}
            id_ = f"x:{CANARY}-{self._next('post')}"
            events.append(common | {"id": id_, "actor": one.account, "mentions": [other.account]})
        return Batch(events, [f"{CANARY} bad {self._next('bad')}"])

    def _checkins(self, http: httpx.Client) -> Batch:
        events = []
        for _ in range(6):
            kind = "checkin.left" if self._chance.random() < 0.1 else "checkin.arrived"
            who = self._chance.choice(self.people).id
            common = {"conference": CONFERENCE, "attendee": who, "at": now(), "place": "hall-a"}
            events.append(common | {"type": kind, "id": f"c-{self._next('checkin')}"})
        return Batch(events)

    def _answerer(self, who: Person) -> Callable[[httpx.Client], Batch | None]:
        chance, done = random.Random(who.account), set[str]()

        def answers(http: httpx.Client) -> Batch | None:
            if len(done) > 40:  # an attendee may say 60 things at once
                return None
            answer = http.get("/v1/me/inbox")
            cards = answer.json()["cards"] if answer.status_code == 200 else []
            new = [card["card"] for card in cards if card["card"] not in done][:5]
            done.update(new)
            common = {"type": "match.answered", "at": now(), "conference": CONFERENCE, "attendee": who.id}
            said = [{"id": f"a-{who.id}-{card}", "match": card, "answer": chance.choice(_ANSWERS)} for card in new]
            return Batch([common | each for each in said]) if said else None

        return answers
