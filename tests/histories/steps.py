"""A history as a list of small steps, and the events that they stand for.

Owns: what a step means. May never: draw one (see `drawn`).
Theory: a step holds small numbers only, so that leaving one out or making one smaller still is a history.
"""

from typing import Any

from schemas.times import DAY_MS, format_time
from tests.histories.choices import (
    A_DAY_AGO,
    AN_HOUR,
    ANSWERS,
    BEGIN,
    CHATS,
    CONFERENCE,
    MOSTLY_OWN,
    PLACES,
    POLICIES,
    SHIFTS,
    SOURCES,
    TAGS,
    WAITS,
    Json,
    Setting,
    Step,
)

__all__ = ["Json", "Telling", "told"]


class Telling:
    """Turns steps into events, keeping the time of the log."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._now = BEGIN
        self._met: list[tuple[int, int]] = []
        self.events: list[Json] = []

    def begin(self) -> None:
        """Registers and verifies whom the setting does not leave out."""
        for n in range(self._setting.people):
            if not self._setting.absent >> n & 1:
                self._register(Step("register", who=n))
            if not self._setting.unverified >> n & 1:
                self._event("account.verified", 0, attendee=f"p{n}", account=f"x:{n}", method="m")
            if self._setting.talks >> n & 1:
                self._talk(Step("talk", who=n, shift=A_DAY_AGO))
                self._talk(Step("talk", who=n))

    def tell(self, step: Step) -> None:
        """Adds the events of one step."""
        self._now += WAITS[step.wait % len(WAITS)]
        getattr(self, f"_{step.kind}")(step)

    def _event(self, kind: str, shift: int, id: str | None = None, **fields: Any) -> None:
        at = self._now + SHIFTS[shift % len(SHIFTS)]
        event = {
            "type": kind,
            "id": id or f"e{len(self.events)}",
            "at": format_time(at),
            "conference": CONFERENCE,
            **fields,
        }
        if self._setting.recorded:
            event["recorded_at"] = format_time(self._now)
        self._now = max(self._now, at) if not self._setting.recorded else self._now
        self.events.append(event)

    def _person(self, number: int) -> str:
        return f"p{number % self._setting.people}"

    def _other(self, step: Step) -> int:
        """Mostly the next one, so that talks, meetings and answers fall on the same few pairs."""
        return step.whom if step.whom % 4 == 3 else step.who + 1

    def _pair(self, step: Step) -> tuple[int, int]:
        """Mostly two who met a short while ago, and so may have a match."""
        last = self._met[-4:] if step.whom % 8 else []
        return last[step.who % len(last)] if last else (step.who, self._other(step))

    def _one(self, step: Step) -> str:
        """Mostly one of those who met."""
        return self._person(self._pair(step)[step.more % 2])

    def _account(self, number: int) -> str:
        """One for each attendee; high numbers may be one more, that nobody has at first."""
        people = self._setting.people
        return f"x:{number % (people + 1 if number >= MOSTLY_OWN else people)}"

    # The conference

    def _open(self, step: Step) -> None:
        policy = {**POLICIES[step.pick % len(POLICIES)], "evidence_days": self._setting.evidence_days}
        self._event(
            "conference.opened",
            0,
            name="HIMSS",
            hashtags=["fhir"],
            starts_at=format_time(BEGIN),
            ends_at=format_time(BEGIN + 5 * DAY_MS),
            time_zone="America/Chicago",
            places=[],
            chats=CHATS[: step.more % (len(CHATS) + 1)],
            matching=policy,
            **({"organizer": "o"} if step.whom % 4 else {}),
        )

    def _close(self, step: Step) -> None:
        self._event("conference.closed", step.shift)

    def _tick(self, step: Step) -> None:
        self._event("clock.ticked", step.shift)

    def _again(self, step: Step) -> None:
        """A double, perhaps saying something else."""
        if not self.events:
            return
        old = self.events[-1 - step.pick % len(self.events)]
        if step.more % 3 == 0:
            self._event("checkin.left", step.shift, id=old["id"], attendee=self._person(step.who))
            return
        self._event(old["type"], step.shift, **{name: old[name] for name in old.keys() - _SET_ANEW}, id=old["id"])

    # People

    def _register(self, step: Step) -> None:
        own = [self._account(step.who), self._account(step.pick), self._account(step.more)]
        consent = {"matching": step.whom != 2, "chats": step.whom != 3, "share_place": step.whom != 4}
        accounts = sorted(set(own[: 1 + step.pick % 3]))
        self._event(
            "attendee.registered", step.shift, attendee=self._person(step.who), accounts=accounts, consent=consent
        )

    def _verify(self, step: Step) -> None:
        account = self._account(step.pick)
        self._event("account.verified", step.shift, attendee=self._person(step.who), account=account, method="m")

    def _dispute(self, step: Step) -> None:
        """Another one proves or claims what one of those who met has; perhaps it comes back."""
        owner, other = self._pair(step)[:: 1 if step.more % 2 else -1]
        taker = self._person(other if step.whom % 3 == 0 else step.pick)
        account = self._account(owner % self._setting.people)
        if step.whom % 4 == 1:  # who gave the card up is not told of its end
            self._answer(step._replace(pick=ANSWERS.index("declined")))
        if step.more % 8 == 7:
            consent = {"matching": True, "chats": True, "share_place": True}
            self._event("attendee.registered", step.shift, attendee=taker, accounts=[account], consent=consent)
            return
        self._event("account.verified", step.shift, attendee=taker, account=account, method="m")
        if step.more // 2 % 4 == 3:
            self._event("account.verified", step.shift, attendee=self._person(owner), account=account, method="m")

    def _release(self, step: Step) -> None:
        account = self._account(step.who if step.more % 2 else step.pick)
        self._event("account.released", step.shift, attendee=self._person(step.who), account=account)

    def _consent(self, step: Step) -> None:
        names = ["matching", "chats", "share_place"]
        chosen = [name for bit, name in enumerate(names) if (step.pick + 1) >> bit & 1]
        fields: Json = dict.fromkeys(chosen, step.more // 2 % 2 == 0)
        self._event("consent.changed", step.shift, attendee=self._one(step), **fields)

    def _block(self, step: Step, kind: str = "attendee.blocked") -> None:
        who, whom = self._pair(step)[:: 1 if step.more % 2 else -1]
        blocked = self._account(whom) if step.pick % 2 else self._person(whom)
        self._event(kind, step.shift, attendee=self._person(who), blocked=blocked)

    def _unblock(self, step: Step) -> None:
        self._block(step, "attendee.unblocked")

    def _erase(self, step: Step) -> None:
        self._event("attendee.erased", step.shift, attendee=self._one(step))

    # Presence and answers

    def _meet(self, step: Step) -> None:
        """Two arrive, one after the other; answers are mostly given by those who met last."""
        self._met.append((step.who, self._other(step)))
        self._arrive(step)
        self._arrive(step._replace(who=self._other(step), shift=0))

    def _arrive(self, step: Step, kind: str = "checkin.arrived") -> None:
        place = PLACES[step.pick % len(PLACES)]
        fields: Json = {"place": place} if place else {}
        self._event(kind, step.shift, attendee=self._person(step.who), **fields)

    def _leave(self, step: Step) -> None:
        who = self._pair(step)[step.more // 2 % 2]
        self._arrive(step._replace(who=who, pick=step.pick if step.more % 2 else 2), "checkin.left")

    def _answer(self, step: Step) -> None:
        """Mostly by one of two who met, to their first match."""
        one, other = self._pair(step)
        a, b = sorted((self._person(one), self._person(other)))
        sender = self._person(step.more) if step.more % 8 == 7 else (a, b)[step.more % 2]
        answer = ANSWERS[step.pick % len(ANSWERS)]
        fields: Json = {"place": "hall-c"} if answer == "here" else {}
        match = [a, b, int(step.more % 16 >= 12)]
        self._event("match.answered", step.shift, match=match, attendee=sender, answer=answer, **fields)

    def _agree(self, step: Step) -> None:
        """Both accept; then one may say where."""
        for more in (0, 1):
            self._answer(step._replace(pick=0, more=step.more // 8 * 8 % 16 + more + step.more // 4 % 2 * 4))
        if step.pick % 2:
            self._answer(step._replace(pick=2, more=step.more // 2, shift=0))

    def _postpone(self, step: Step) -> None:
        """One or both say later; then perhaps the hour passes."""
        for more in (0, 1)[: 1 + step.pick % 2]:
            self._answer(step._replace(pick=1, more=step.more // 8 * 8 % 16 + more))
        if step.whom % 2:
            self.tell(Step("tick", wait=AN_HOUR))

    # Posts

    def _talk(self, step: Step) -> None:
        """One post each way."""
        a, b = self._account(step.who), self._account(self._other(step))
        self._posted(step, a, [b])
        self._posted(step._replace(more=0), b, [a])

    def _post(self, step: Step) -> None:
        to = [self._account(self._other(step)), self._account(step.pick)][: 1 + step.more % 2]
        to += [f"x:crowd{n}" for n in range(10)] if step.more % 16 == 15 else []
        self._posted(step, self._account(step.who), to)

    def _chat(self, step: Step) -> None:
        """Two people in one chat, who perhaps speak to each other."""
        for who, whom in ((step.who, self._other(step)), (self._other(step), step.who)):
            to = [self._account(whom)] if step.more % 4 == 2 else []
            self._posted(step, self._account(who), to, TAGS[step.pick % len(TAGS)])

    def _upload(self, step: Step) -> None:
        """Somebody brings their own post of a chat; then perhaps somebody speaks to them there, or brings that too."""
        one, other, tag = step.who % self._setting.people, self._other(step), TAGS[step.pick % len(TAGS)]
        said = [self._account(other)] if step.more % 4 == 1 else []
        self._posted(step, f"x:{one}", said, tag, f"attendee:p{one}")
        if step.more % 2:
            other %= self._setting.people
            brought = f"attendee:p{other}" if step.more % 8 > 4 else None
            self._posted(step, f"x:{other}", [f"x:{one}"] if step.more % 16 < 12 else [], tag, brought)

    def _posted(
        self, step: Step, actor: str, to: list[str], tag: str | None = None, brought: str | None = None
    ) -> None:
        fields: Json = {"repost_of": self._account(step.whom)} if step.more % 16 == 14 else {}
        source = SOURCES[step.pick % len(SOURCES)] if step.more % 8 == 3 else None
        fields |= {"source": brought or source} if brought or source else {}
        fields |= {"reply_to": to[-1]} if to and step.more % 3 == 1 else {}
        tags = [tag] if tag else TAGS[: step.pick % 3] if step.more % 5 == 1 else []
        self._event("activity.posted", step.shift, actor=actor, hashtags=tags, mentions=to, **fields)

    def _delete(self, step: Step) -> None:
        """Of a post that was, or (seldom) of one that may come."""
        posts = [e for e in self.events if e["type"] == "activity.posted"]
        if not posts:
            return
        post = posts[-1 - step.pick % len(posts)]
        actor = self._account(step.who) if step.more % 8 == 7 else post["actor"]
        deleted = f"e{len(self.events) + step.pick % 3 + 1}" if step.more % 4 == 3 else post["id"]
        self._event("activity.deleted", step.shift, actor=actor, deleted=deleted)


_SET_ANEW = {"type", "id", "at", "recorded_at", "conference"}


def told(setting: Setting, steps: list[Step]) -> list[Json]:
    """The events of a history."""
    telling = Telling(setting)
    opening = Step("open", pick=setting.policy, more=setting.chats)
    for number, step in enumerate(steps):
        if number == setting.opens_after:
            telling.tell(opening)
            telling.begin()
        telling.tell(step)
    if setting.opens_after >= len(steps):
        telling.tell(opening)
        telling.begin()
    return telling.events
