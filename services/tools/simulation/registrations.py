"""Registrations, accounts, consents, blocks, erasures.

Responsibility: every event an attendee or the organizer makes about a person, but check-ins and answers; and from
when on each can be matched. It does not depend on posts.

Numbers and reasons:
- Registered: 15 % early birds, half in the months before, most of the rest in the last four weeks, 8 % on
  the morning of their first day: so registrations come before, between and after the posts.
- Accounts: voices claim theirs; of the silent 30 % claim one too (they read). 90 % of the voices verify,
  within minutes to days; a silent one in three. One in 300 claims somebody else's account (contested): two
  people run it. Half of them verify it in the last days before, and have it until its first owner does so anew.
- 3 % of those who verified upload what they posted before, as no connector saw it.
- 2 % of those who verified release an account; half of them verify anew. 3 % of the voices register again.
- Consent: 92 % matching (who registers here wants it), 80 % chats, 72 % places. During the conference 4 %
  pause, most come back after some hours; 1 % each take chats back, or switch the sharing of places.
- 2 % of the voices block somebody, a quarter of them takes it back. Erasures: 1 of 1,000, most after their
  last day.
"""

from schemas.events import (
    AccountReleased,
    AccountVerified,
    AttendeeBlocked,
    AttendeeErased,
    AttendeeRegistered,
    AttendeeUnblocked,
    Consent,
    ConsentChanged,
    Event,
)
from schemas.times import DAY_MS, HOUR_MS, MINUTE_MS
from services.tools.simulation.log import Log, text
from services.tools.simulation.people import Cast, Voice, attendee_id, handle
from services.tools.simulation.randomness import Chance, Quota
from services.tools.simulation.schedule import CONFERENCE, LEAD_DAYS, ORGANIZER, Program, moment

_SHARES = {
    "contested": 1 / 300,
    "released": 0.02,
    "uploaded": 0.03,
    "again": 0.03,
    "paused": 0.04,
    "chats": 0.01,
    "place": 0.01,
    "blocked": 0.02,
    "erased": 0.001,
    "late": 0.01,  # a registration desk without network: recorded up to six hours later
}
_FOLLOWING = {"tried": 0.5, "anew": 0.5, "back": 0.7, "unblocked": 0.25}  # shares of the ones before
NEVER = 1 << 62  # ms, after all that happens
BY_ORGANIZER = f"organizer:{ORGANIZER}"


class Enrolment:
    """``registered[person]`` in ms; ``ready[person]``: from when until when a voice can be matched; ``uploads``: who
    uploads their earlier posts, and from when on they may."""

    def __init__(self, cast: Cast, program: Program, log: Log, seed: int) -> None:
        self.registered: list[int] = []
        self.ready: dict[int, tuple[int, int]] = {}
        self.uploads: dict[int, int] = {}
        self.chatting: set[int] = set()  # asked, never gone through
        self._cast = cast
        self._days = program.days
        self._log = log
        self._chance = chance = Chance(seed, "enrol")
        self._quota = {name: Quota(chance, share) for name, share in _SHARES.items()}
        self._quota |= {name: Quota(chance, share, first=0) for name, share in _FOLLOWING.items()}
        self._owners = list(cast.of.values()) or cast.voices
        self._close = moment(program.days, 12 * 60)

    def _due(self, name: str) -> bool:
        return self._quota[name].due()

    def _add(self, at: int, event: Event) -> None:
        """What happens in an app or at a desk is recorded at once; after the end nobody does anything any more."""
        if at < self._close:
            self._log.add(at + 200, event)

    def everybody(self) -> None:
        """All events of this file, for all attendees in order."""
        for person in range(self._cast.attendees):
            voice = self._cast.of.get(person)
            registered = self._when(person)
            self.registered.append(registered)
            matching = self._register(person, registered, voice)
            if voice is not None:
                if matching:
                    self._voice(person, registered, voice)
                self._block(person, registered)
            self._change(person, registered)
            if self._due("erased") and self._cast.attendees > 1:
                self._erase(person, registered)

    def _when(self, person: int) -> int:
        chance = self._chance
        comes = self._cast.comes[person]
        kind = chance.unit()
        if kind < 0.08 and comes:
            first = (comes & -comes).bit_length() - 1
            return moment(first, 420) + chance.between(0, 100 * MINUTE_MS)
        low, high = (10 - LEAD_DAYS, -110) if kind < 0.23 else (-110, -28) if kind < 0.65 else (-28, -1)
        return moment(chance.between(low, high), 7 * 60) + chance.between(0, 15 * HOUR_MS)

    def _register(self, person: int, at: int, voice: Voice | None) -> bool:
        """Registers; gives whether matching was consented to."""
        chance = self._chance
        accounts: tuple[str, ...] = () if voice is None else voice.accounts
        if voice is None and chance.unit() < 0.3:
            accounts = (handle(chance, person),)
        own = accounts
        if voice is None and self._due("contested"):
            accounts = (*accounts, self._contested(person, at))
        unit = chance.unit
        consent = Consent(matching=unit() < 0.92, chats=unit() < 0.8, share_place=unit() < 0.72)
        if consent.chats:
            self.chatting.add(person)
        event = AttendeeRegistered(
            id=self._log.next_id(), at=text(at), source=BY_ORGANIZER, conference=CONFERENCE,
            attendee=attendee_id(person), accounts=accounts, consent=consent,
        )  # fmt: skip
        late = chance.soon(10 * MINUTE_MS, 6 * HOUR_MS) if self._due("late") else 200
        self._log.add(at + late, event)
        if voice is None and own and unit() < 0.33:
            self._verify(person, own[0], at + chance.soon(2 * MINUTE_MS, 5 * DAY_MS))
        return consent.matching

    def _contested(self, person: int, at: int) -> str:
        """Claims somebody else's account; some prove it, and have it until its first owner does so anew."""
        owner = self._chance.pick(self._owners)
        account = owner.accounts[0]
        if self._due("tried"):
            last_days = max(at + HOUR_MS, moment(-2, 0) + self._chance.between(0, 3 * DAY_MS))
            self._verify(person, account, last_days)
            self._verify(owner.person, account, last_days + self._chance.soon(HOUR_MS, DAY_MS))
        return account

    def _verify(self, person: int, account: str, at: int) -> None:
        method = "oauth" if self._chance.unit() < 0.8 else "post"
        self._add(
            at,
            AccountVerified(
                id=self._log.next_id(), at=text(at), source=_self(person), conference=CONFERENCE,
                attendee=attendee_id(person), account=account, method=method,
            ),
        )  # fmt: skip

    def _voice(self, person: int, registered: int, voice: Voice) -> None:
        chance = self._chance
        at = registered + chance.soon(2 * MINUTE_MS, 5 * DAY_MS)
        if chance.unit() < 0.9:
            for account in voice.accounts:
                self._verify(person, account, at)
            self.ready[person] = (at, NEVER)
            if self._due("released"):
                self._release(person, at, voice)
            elif self._due("uploaded"):
                self.uploads[person] = at
        if self._due("again"):
            again = AttendeeRegistered(
                id=self._log.next_id(), at=text(at + DAY_MS), source=BY_ORGANIZER, conference=CONFERENCE,
                attendee=attendee_id(person), accounts=(*voice.accounts, handle(chance, person, "masto")),
                consent=Consent(matching=True, chats=True, share_place=True),
            )  # fmt: skip
            self._add(at + DAY_MS, again)

    def _release(self, person: int, verified: int, voice: Voice) -> None:
        at = verified + self._chance.between(DAY_MS, 40 * DAY_MS)
        self._add(
            at,
            AccountReleased(
                id=self._log.next_id(), at=text(at), source=_self(person), conference=CONFERENCE,
                attendee=attendee_id(person), account=voice.accounts[0],
            ),
        )  # fmt: skip
        self.ready[person] = (verified, at)
        if self._due("anew"):
            self.ready[person] = (at + HOUR_MS, NEVER)
            self._verify(person, voice.accounts[0], at + HOUR_MS)

    def _end(self, person: int, at: int) -> None:
        if person in self.ready:
            since, until = self.ready[person]
            self.ready[person] = (since, min(at, until))

    def _during(self, person: int) -> int:
        """A moment of a day on which the attendee comes, or of the day before the conference."""
        chance = self._chance
        here = [day for day in range(self._days) if self._cast.comes[person] >> day & 1]
        return moment(chance.pick(here or [-1]), 10 * 60) + chance.between(0, 7 * HOUR_MS)

    def _change(self, person: int, registered: int) -> None:
        at = max(self._during(person), registered + HOUR_MS)
        if self._due("paused"):
            self._end(person, at)
            self._consent(person, at, matching=False)
            if self._due("back"):
                self._consent(person, at + self._chance.between(HOUR_MS, 6 * HOUR_MS), matching=True)
        if self._due("chats"):
            self._consent(person, at + MINUTE_MS, chats=False)
        if self._due("place"):
            self._consent(person, at + MINUTE_MS, share_place=self._chance.likely(0.5))

    def _consent(
        self,
        person: int,
        at: int,
        *,
        matching: bool | None = None,
        chats: bool | None = None,
        share_place: bool | None = None,
    ) -> None:
        self._add(
            at,
            ConsentChanged(
                id=self._log.next_id(), at=text(at), source=_self(person), conference=CONFERENCE,
                attendee=attendee_id(person), matching=matching, chats=chats, share_place=share_place,
            ),
        )  # fmt: skip

    def _block(self, person: int, registered: int) -> None:
        if not self._due("blocked"):
            return
        chance = self._chance
        other = chance.pick(self._cast.of[person].friends or self._cast.voices)
        registered_too = other.person < self._cast.attendees and chance.unit() < 0.6
        blocked = attendee_id(other.person) if registered_too else other.accounts[0]
        at = max(registered + HOUR_MS, self._during(person) - chance.soon(0, 60 * DAY_MS))
        names = {"source": _self(person), "conference": CONFERENCE, "attendee": attendee_id(person)}
        self._add(at, AttendeeBlocked(id=self._log.next_id(), at=text(at), blocked=blocked, **names))
        if self._due("unblocked"):
            back = at + chance.between(HOUR_MS, DAY_MS)
            self._add(back, AttendeeUnblocked(id=self._log.next_id(), at=text(back), blocked=blocked, **names))

    def _erase(self, person: int, registered: int) -> None:
        chance = self._chance
        at = max(self._during(person), registered + HOUR_MS)
        if chance.likely(0.7):
            at = max(at, moment(self._days - 1, 19 * 60) + chance.between(0, 10 * HOUR_MS))
        self._end(person, at)
        self._add(
            at,
            AttendeeErased(
                id=self._log.next_id(), at=text(at), source=_self(person), conference=CONFERENCE,
                attendee=attendee_id(person),
            ),
        )  # fmt: skip


def _self(person: int) -> str:
    return f"attendee:{attendee_id(person)}"
