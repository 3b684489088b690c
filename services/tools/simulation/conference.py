"""A whole simulated conference: the order in which it is generated, and the entry point of the simulation.

Responsibility: ``simulate`` and ``expected_events``. It reads no clock or environment: the arguments decide
every byte.
Why: a day of the timeline is made, then given out, as nothing that happens on a day is recorded before
it. So memory holds one day and what is still to come (``log.py``), and lines flow from the first second on.

The timeline: opened 180 days ahead; chats every week until two days after the conference; opened again with
all places three weeks ahead; the floor on each day of the conference; closed by the organizer two days
after the last. A tick comes each night of the conference: the owner of the log appends one when something
is due, and at night people lapse without any other record; more are not needed, as every record is a tick.
"""

from collections.abc import Iterator

from schemas.events import ClockTicked, ConferenceClosed, ConferenceOpened, Event
from schemas.times import DAY_MS
from services.tools.simulation.answers import Answers
from services.tools.simulation.chats import FIRST_TALK_DAY, Chats
from services.tools.simulation.check_ins import Floor
from services.tools.simulation.log import Log, text
from services.tools.simulation.people import cast, registered_voices
from services.tools.simulation.posts import DELETED_SHARE, DOUBLE_SHARE, Posts
from services.tools.simulation.registrations import BY_ORGANIZER, Enrolment
from services.tools.simulation.schedule import (
    AFTER_DAYS,
    CONFERENCE,
    LEAD_DAYS,
    MORE_PLACES_DAY,
    NAME,
    ORGANIZER,
    TAG,
    TIME_ZONE,
    Program,
    moment,
    program,
)
from services.tools.simulation.ties import Ties

# Four times the largest conference of this kind, and its posts of ten years: more is a slip of the hand.
MOST_ATTENDEES = 200_000
MOST_POSTS = 10_000_000
MOST_DAYS = 14
MOST_DENSITY = 4


def simulate(
    *, attendees: int = 300, posts: int = 5_000, days: int = 3, seed: int = 1, density: int = 1
) -> Iterator[bytes]:
    """The lines of a conference's log, by ``recorded_at``. ValueError says, before any line, what is wrong.

    ``density`` 1 is believable; 2 to 4 are for load: who posts knows more and more others, at 4 some thirty.
    """
    _check(attendees, posts, days, seed, density)
    return _lines(attendees, posts, days, seed, density)


def expected_events(*, attendees: int = 300, posts: int = 5_000, days: int = 3) -> int:
    """About how many lines ``simulate`` gives, for a progress bar: within a tenth, or a few dozen."""
    _check(attendees, posts, days, 0, 1)
    visits = 0.92 * (0.15 + 0.85 * (days - 0.2)) if days > 1 else 0.92
    per_attendee = 1.25 + 13.6 * visits
    return 4 + days + int(posts * (1 + DOUBLE_SHARE + DELETED_SHARE)) + int(attendees * per_attendee)


def _check(attendees: int, posts: int, days: int, seed: int, density: int) -> None:
    for name, value, least, most in (
        ("attendees", attendees, 1, MOST_ATTENDEES),
        ("posts", posts, 0, MOST_POSTS),
        ("days", days, 1, MOST_DAYS),
        ("seed", seed, 0, (1 << 64) - 1),
        ("density", density, 1, MOST_DENSITY),
    ):
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"{name} must be a whole number from {least:,} to {most:,}, not {value!r}")


def _lines(attendees: int, posts: int, days: int, seed: int, density: int) -> Iterator[bytes]:
    plan = program(attendees, registered_voices(attendees), days)
    people = cast(attendees, plan, seed, density)
    log = Log()
    _organize(log, plan)
    enrolment = Enrolment(people, plan, log, seed)
    enrolment.everybody()
    ties = Ties(attendees)
    chats = Chats(people, plan, Posts(log, ties, seed, enrolment.uploads), ties, posts, seed, density)
    floor = Floor(people, plan, enrolment.registered, log, seed)
    answers = Answers(attendees, enrolment.ready, log, seed)
    for day in range(FIRST_TALK_DAY, days + AFTER_DAYS):
        # A local day lies in the UTC days of its date and the next: all zones are west of Greenwich.
        yield from log.lines_before(moment(day, 0) // DAY_MS)
        chats.day(day)
        if 0 <= day < days:
            answers.day(floor.day(day), ties.known(enrolment.chatting))
    yield from log.rest()


def _organize(log: Log, plan: Program) -> None:
    """What the organizer and the owner of the log add: openings, ticks, the end."""
    opened = moment(-LEAD_DAYS, 9 * 60)
    _add(log, opened, _opened(log, opened, plan, complete=False))
    again = moment(MORE_PLACES_DAY, 11 * 60)
    _add(log, again, _opened(log, again, plan, complete=True))
    for day in range(plan.days):
        night = moment(day + 1, 4 * 60)
        _add(log, night, ClockTicked(id=log.next_id(), at=text(night), conference=CONFERENCE))
    end = moment(plan.days - 1 + AFTER_DAYS, 23 * 60)
    _add(log, end, ConferenceClosed(id=log.next_id(), at=text(end), source=BY_ORGANIZER, conference=CONFERENCE))


def _add(log: Log, at: int, event: Event) -> None:
    log.add(at + 100, event)


def _opened(log: Log, at: int, plan: Program, *, complete: bool) -> ConferenceOpened:
    return ConferenceOpened(
        id=log.next_id(),
        at=text(at),
        source=BY_ORGANIZER,
        conference=CONFERENCE,
        name=NAME,
        hashtags=(TAG, "healthit"),
        starts_at=text(moment(0, 8 * 60)),
        ends_at=text(moment(plan.days - 1, 18 * 60)),
        time_zone=TIME_ZONE,
        places=plan.places(complete=complete),
        chats=plan.chats,
        organizer=ORGANIZER,
    )
