"""What the demo plays: places guessed from contacts, a company after the badges, a first card that is sure."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from schemas.codec import Codec, Record
from schemas.events import AttendeeRegistered, CheckinArrived, ConferenceOpened
from schemas.outputs import MatchSuggested
from schemas.times import DAY_MS, MINUTE_MS, format_time, millis
from schemas.zones import zone
from services.tools.demo.badge_import import DESK, FIRST_ROOM, FOYER, LEAVES_S, contacts_in, derive_day
from services.tools.demo.badges import FILE, GONE, load
from services.tools.demo.pseudonyms import Pseudonyms
from services.tools.demo.script import CONFERENCE, Moved, Script, script
from streams.matching import Matcher
from streams.matching.explanation.listing import ties_of

NOW = millis("2026-07-15T12:00:00Z")


@pytest.fixture(scope="module")
def made() -> Script:
    return script(load(), 1, NOW, "Europe/Paris")


def meeting(start: int, *people: int) -> list[tuple[int, int, int]]:
    """All of them stand together for a minute."""
    pairs = [(a, b) for a in people for b in people if a < b]
    return [(start + second, a, b) for second in (0, 20, 40) for a, b in pairs]


def test_places_are_guessed_from_who_stands_together() -> None:
    nine, crowd = 9 * 3_600, tuple(range(60))
    day = derive_day(
        [
            *meeting(nine, 0, 1),  # two are anywhere: they are heard at the desk
            *meeting(nine + 1_200, 0, 1, 2),
            *meeting(nine + 1_200, 3, 4, 5),
            *meeting(nine + 2_400, 0, 1, 2, 6),  # where most of them were
            *meeting(nine + 3_600, *crowd),
        ]
    )
    of = {person: [(t, place) for t, who, place in day.moves if who == person] for person in range(day.people)}
    assert of[0] == [
        (nine, DESK),
        (nine + 1_200, FIRST_ROOM),
        (nine + 3_600, FOYER),
        (nine + 3_640 + LEAVES_S, GONE),
    ]
    assert of[3][0] == (nine + 1_200, FIRST_ROOM + 1)
    assert of[6][0] == (nine + 2_400, FIRST_ROOM)
    assert day.contacts[0] == (0, 1, 12)
    assert day.people == 60


def test_the_kept_day_is_a_small_file_of_numbers() -> None:
    day = load()
    assert FILE.stat().st_size < 300 * 1_024
    assert day.people == 402
    assert list(day.moves) == sorted(day.moves)
    first: dict[int, int] = {}
    for _, person, place in day.moves:
        first.setdefault(person, place)
    assert sorted(first) == list(range(day.people))
    assert GONE not in first.values()
    assert "CC0" in (FILE.parent / "README.md").read_text(encoding="utf-8")


def test_a_file_of_contacts_is_read_by_number_of_coming(tmp_path: Path) -> None:
    path = tmp_path / "contacts.csv.gz"
    path.write_bytes(gzip.compress(b"t,a,b\n40,900,7\n20,7,31\n90000,7,31\n"))
    assert contacts_in(path) == [(20, 0, 1), (40, 0, 2)]


def known(made: Script) -> set[tuple[int, int]]:
    matcher = folded(made)
    return {(min(a, b), max(a, b)) for a, b in ((int(tie.a), int(tie.b)) for tie in ties_of(matcher))}


def folded(made: Script) -> Matcher:
    """The conference as it is before anybody is in."""
    common = {"at": format_time(NOW - 400 * DAY_MS), "conference": CONFERENCE}
    opening = {"type": "conference.opened", "id": "o", **common, **made.opening}
    opened = Codec().decode(msgspec.json.encode(opening))
    assert isinstance(opened, Record)
    assert isinstance(opened.event, ConferenceOpened)
    matcher = Matcher(CONFERENCE)
    matcher.apply(opened.event, opened.at, None)
    for who in made.company.people:
        name = str(who.number)
        event = AttendeeRegistered(id=name, **common, attendee=name, accounts=who.accounts, consent=who.consent)
        matcher.apply(event, millis(event.at), None)
    for post in made.before:
        matcher.apply(post, millis(post.at), None)
    return matcher


def test_people_who_stood_together_are_likelier_to_know_each_other(made: Script) -> None:
    stood = {(a, b) for a, b, _ in load().contacts}
    talking = [who.number for who in made.company.people if who.accounts]
    pairs = {(a, b) for a in talking for b in talking if a < b}
    knowing = known(made)
    assert len(knowing) > 100
    with_contact = len(knowing & stood) / len(knowing)
    without = len((pairs - knowing) & stood) / len(pairs - knowing)
    assert with_contact > 2 * without


def test_the_first_card_comes_with_the_first_check_in(made: Script) -> None:
    """The two whose pages are printed are suggested to each other, to nobody else before, and have room for all."""
    matcher = folded(made)
    cards: list[tuple[str, ...]] = []
    for number, move in enumerate(made.early):
        cards += suggested(matcher, number, move)
    me = str(made.viewers[0])
    assert not any(me in pair for pair in cards)
    first = [move for second, move in made.day if second == made.start_s and isinstance(move, Moved)]
    cards = [pair for number, move in enumerate(first) for pair in suggested(matcher, 1_000 + number, move)]
    assert [pair for pair in cards if me in pair] == [tuple(sorted(map(str, made.viewers)))]


def suggested(matcher: Matcher, number: int, move: Moved) -> list[tuple[str, ...]]:
    at, who = NOW + number, str(move.person)
    event = CheckinArrived(id=f"c{number}", at=format_time(at), conference=CONFERENCE, attendee=who, place=move.place)
    return [each.attendees for each in matcher.apply(event, at, None) if isinstance(each, MatchSuggested)]


def test_who_is_played_by_hand_shows_all_and_stays(made: Script) -> None:
    for number in made.viewers:
        who = made.company.people[number]
        assert who.show_name
        assert (who.consent.matching, who.consent.chats, who.consent.share_place) == (True, True, True)
    moves = [each.person for _, each in made.day if isinstance(each, Moved)]
    assert sum(moves.count(number) for number in made.viewers) <= 2  # they come, and go where their hands say


@pytest.mark.parametrize("now", ["2026-01-10T05:00:00Z", "2026-07-15T12:00:00Z", "2027-11-03T23:30:00Z"])
def test_what_was_said_at_a_local_hour_stays_in_it_and_in_the_past(now: str) -> None:
    moved = script(load(), 1, millis(now), "UTC")
    before = {post.id: post.at for _, post in moved.company.posts}
    last = millis(now) - MINUTE_MS
    for post in moved.before:
        assert millis(post.at) <= last
        old = local(before[post.id])
        if millis(post.at) < last and 11 <= old.hour <= 22:  # the hours of the chats; at night clocks change
            new = local(post.at)
            assert (new.weekday(), new.time()) == (old.weekday(), old.time())


def local(at: str) -> datetime:
    return datetime.fromtimestamp(millis(at) // 1_000, UTC).astimezone(zone("America/New_York"))


def test_pseudonyms_are_distinct_and_stay() -> None:
    names = Pseudonyms()
    given = [names(f"a-{number}") for number in range(3_000)]
    assert len(set(given)) == 3_000
    assert given[:50] == [names(f"a-{number}") for number in range(50)]
