"""The floor: who arrives when, is scanned where, and leaves.

Responsibility: all check-ins, and what of them the answers need (``signs`` of the voices). It does not know the posts.

Numbers and reasons:
- Arrivals 7:30 to 11:00, most about 9:00; six sessions a day of which an attendee goes to three in four,
  and one or two booths in most breaks: ten arrivals a visit, so that HIMSS makes 1.4 million check-ins, the
  load to be shown (an assumption: no such scans are public).
- 40 % are scanned out of a session, 20 % out of a booth: few doors scan both ways. 7 % of the arrivals
  between sessions are the tap "I'm here", without a place.
- 8 % leave for lunch and come back; 60 % badge out in the evening, the others lapse after 12 hours.
- One place in 15 has a scanner offline once a day, for 20 minutes to 4 hours: its scans come late,
  together. The first entrance always has one on the first morning. 1 % of the scans are sent twice (no
  answer, so sent again).
- A chat's people meet at its lounge at lunch, on the first and the second day: a tribe is a meetup.
"""

from typing import NamedTuple

from schemas.events import CheckinArrived, CheckinLeft
from schemas.times import HOUR_MS, MINUTE_MS, SECOND_MS
from services.tools.simulation.log import Log, text
from services.tools.simulation.people import Cast, Voice, attendee_id
from services.tools.simulation.randomness import Chance, Draw, Quota
from services.tools.simulation.schedule import CONFERENCE, LUNCH, SLOT_MINUTES, SLOTS, Program, moment

DOUBLE_SHARE = 0.01
OFFLINE_SHARE = 1 / 15
SCANNER = "connector:badges"
DOOR_MINUTES = 450  # 7:30


class Sign(NamedTuple):
    """A voice's check-in: when it was recorded (ms), person, place; ``left`` means the conference."""

    at: int
    person: int
    place: str
    left: bool


class Floor:
    """Check-ins, day by day."""

    def __init__(self, cast: Cast, program: Program, registered: list[int], log: Log, seed: int) -> None:
        self.signs: list[Sign] = []
        self._cast = cast
        self._program = program
        self._registered = registered
        self._log = log
        self._chance = chance = Chance(seed, "floor")
        self._double = Quota(chance, DOUBLE_SHARE)
        self._offline: dict[str | None, tuple[int, int]] = {}
        rank = [60 // (1 + index) + 6 for index in range(len(program.booths))]
        self._booths = Draw(chance, program.booths, rank)  # a few large ones draw most people
        self._stages = Draw(chance, program.stages, rank[: len(program.stages)])

    def day(self, day: int) -> list[Sign]:
        """All check-ins of a day of the conference; gives the voices' signs in order of time."""
        self.signs = []
        midnight = moment(day, 0)
        self._outages(day, midnight)
        for person, comes in enumerate(self._cast.comes):
            if comes >> day & 1:
                self._visit(person, day, midnight)
        self.signs.sort()
        return self.signs

    def _outages(self, day: int, midnight: int) -> None:
        chance, program = self._chance, self._program
        self._offline = {}
        for place in (*program.entrances, *program.stages, *program.booths):
            if chance.unit() < OFFLINE_SHARE:
                start = midnight + chance.between(8 * 60, 17 * 60) * MINUTE_MS
                self._offline[place] = (start, start + chance.soon(20 * MINUTE_MS, 4 * HOUR_MS))
        if day == 0:
            self._offline[program.entrances[0]] = (midnight + 510 * MINUTE_MS, midnight + 550 * MINUTE_MS)

    def _visit(self, person: int, day: int, midnight: int) -> None:
        """One attendee's day."""
        chance, unit = self._chance, self._chance.unit
        voice = self._cast.of.get(person)
        at = midnight + int((DOOR_MINUTES + 105 * (unit() + unit())) * MINUTE_MS)
        at = max(at, self._registered[person] + 3 * MINUTE_MS)
        self._arrive(person, at, chance.pick(self._program.entrances), voice)
        tired = 3 + int(4 * unit()) if unit() < 0.4 else len(SLOTS)
        for slot in SLOTS[:tired]:
            start = midnight + slot * MINUTE_MS
            if start > at:
                at = self._session(person, start, voice)
            if slot == SLOTS[2] and at < midnight + LUNCH * MINUTE_MS + HOUR_MS:
                at = self._lunch(person, day, midnight + LUNCH * MINUTE_MS, voice)
        if unit() < 0.6:
            self._leave(person, at + chance.between(5 * MINUTE_MS, 80 * MINUTE_MS), None, voice)

    def _session(self, person: int, start: int, voice: Voice | None) -> int:
        """A session and the break after it; gives when it was over for the attendee."""
        chance, unit = self._chance, self._chance.unit
        end = start + SLOT_MINUTES * MINUTE_MS
        at = start
        if unit() < 0.75:
            stage = self._stages.one()
            self._arrive(person, start + chance.between(-6 * MINUTE_MS, 12 * MINUTE_MS), stage, voice)
            at = end + chance.between(-3 * MINUTE_MS, 5 * MINUTE_MS)
            if unit() < 0.4:
                self._leave(person, at, stage, voice)
        return self._booth(person, max(at, end), voice) if unit() < 0.85 else at

    def _booth(self, person: int, at: int, voice: Voice | None) -> int:
        """One or two booths in a break; gives when it is over."""
        chance, unit = self._chance, self._chance.unit
        for booth in (self._booths.one(), self._booths.one())[: 1 + int(unit() + 0.6)]:
            at += chance.between(4 * MINUTE_MS, 10 * MINUTE_MS)
            self._arrive(person, at, booth if unit() < 0.93 else None, voice)
            if unit() < 0.2:
                at += chance.between(2 * MINUTE_MS, 5 * MINUTE_MS)
                self._leave(person, at, booth, voice)
        return at

    def _lunch(self, person: int, day: int, noon: int, voice: Voice | None) -> int:
        chance = self._chance
        at = noon + chance.between(0, 15 * MINUTE_MS)
        if voice is not None and day < 2 and chance.unit() < 0.5:
            lounges = self._program.lounges
            self._arrive(person, at, lounges[voice.chats[day % len(voice.chats)]], voice)
        elif chance.unit() < 0.08:
            self._leave(person, at, None, voice)
            at += chance.between(35 * MINUTE_MS, 50 * MINUTE_MS)
            self._arrive(person, at, chance.pick(self._program.entrances), voice)
        return at

    def _arrive(self, person: int, at: int, place: str | None, voice: Voice | None) -> None:
        attendee = attendee_id(person)
        event = CheckinArrived(
            id=self._log.next_id(),
            at=text(at),
            source=SCANNER if place else f"attendee:{attendee}",
            conference=CONFERENCE,
            attendee=attendee,
            place=place,
        )
        recorded = self._record(at, place, event)
        if voice is not None:
            self.signs.append(Sign(recorded, person, place or "", False))

    def _leave(self, person: int, at: int, place: str | None, voice: Voice | None) -> None:
        event = CheckinLeft(
            id=self._log.next_id(),
            at=text(at),
            source=SCANNER,
            conference=CONFERENCE,
            attendee=attendee_id(person),
            place=place,
        )
        recorded = self._record(at, place, event)
        if voice is not None and place is None:
            self.signs.append(Sign(recorded, person, "", True))

    def _record(self, at: int, place: str | None, event: CheckinArrived | CheckinLeft) -> int:
        """Puts it into the log, late or twice; gives when it is there."""
        chance = self._chance
        recorded = at + chance.between(150, 2_500)
        offline = self._offline.get(place)
        if offline is not None and offline[0] <= at < offline[1]:
            recorded = offline[1] + chance.between(0, 2 * MINUTE_MS)
        self._log.add(recorded, event)
        if self._double.due():
            self._log.add(recorded + chance.soon(SECOND_MS, 5 * MINUTE_MS), event)
        return recorded
