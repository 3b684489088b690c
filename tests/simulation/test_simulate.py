"""A simulated conference: the same bytes again, every kind of event, believable shares, plain words for errors."""

import hashlib
import os
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from schemas import events
from schemas.codec import Codec, Record
from schemas.times import HOUR_MS, MINUTE_MS, millis
from services.tools.simulation import expected_events, simulate
from streams.replay import Replay

SIZES = {"small": (60, 3_000, 2), "usual": (300, 5_000, 3), "large": (1_500, 12_000, 3)}
CONTRACT = sorted(struct.__struct_config__.tag for struct in get_args(events.Input))
DECODER = msgspec.json.Decoder(events.Input)


@cache
def lines(size: str, seed: int = 1) -> tuple[bytes, ...]:
    attendees, posts, days = SIZES[size]
    return tuple(simulate(attendees=attendees, posts=posts, days=days, seed=seed))


@cache
def decoded(size: str) -> tuple[Any, ...]:
    return tuple(DECODER.decode(line) for line in lines(size))


def of(size: str, *kinds: type) -> list[Any]:
    return [event for event in decoded(size) if isinstance(event, kinds)]


def lateness(event: Any) -> int:
    return millis(event.recorded_at) - millis(event.at)


# -- the same bytes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", ["small", "usual"])
def test_the_same_arguments_give_the_same_bytes(size: str) -> None:
    attendees, posts, days = SIZES[size]
    again = tuple(simulate(attendees=attendees, posts=posts, days=days, seed=1))
    assert again == lines(size)


def test_another_seed_gives_another_conference() -> None:
    assert lines("small", 2) != lines("small", 1)


@pytest.mark.parametrize("hash_seed", ["0", "4711"])
def test_no_order_of_a_hash_reaches_the_bytes(hash_seed: str) -> None:
    code = (
        "import sys; from services.tools.simulation import simulate\n"
        "sys.stdout.buffer.writelines(simulate(attendees=300, posts=5000, days=3, seed=1))"
    )
    root = Path(__file__).parents[2]
    zone = {"PYTHONHASHSEED": hash_seed, "TZ": "Asia/Tokyo", "PYTHONTZPATH": "/nowhere", "PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | zone, cwd=root, capture_output=True, check=True
    )
    ours = hashlib.sha256(b"".join(lines("usual"))).hexdigest()
    assert hashlib.sha256(done.stdout).hexdigest() == ours


# -- the contract --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_every_event_type_of_the_contract_occurs(size: str) -> None:
    assert sorted({type(event).__struct_config__.tag for event in decoded(size)}) == CONTRACT


@pytest.mark.parametrize("size", SIZES)
def test_every_line_passes_admission(size: str) -> None:
    codec = Codec()
    for line in lines(size):
        assert line.endswith(b"}\n")
        assert line.count(b"\n") == 1
        assert isinstance(codec.decode(line), Record), line


@pytest.mark.parametrize("size", SIZES)
def test_time_of_the_log_never_falls_and_nothing_is_recorded_before_it_happened(size: str) -> None:
    recorded = [millis(event.recorded_at) for event in decoded(size)]
    assert recorded == sorted(recorded)
    assert min(lateness(event) for event in decoded(size)) >= 0


@pytest.mark.parametrize("size", SIZES)
def test_only_duplicates_share_an_id(size: str) -> None:
    first: dict[str, Any] = {}
    for event in decoded(size):
        before = first.setdefault(event.id, event)
        assert (type(before), before.at) == (type(event), event.at)


def test_opened_long_before_and_again_with_more_places() -> None:
    first, again = of("usual", events.ConferenceOpened)
    assert decoded("usual")[0] is first
    days = (millis(first.starts_at) - millis(first.at)) / (24 * HOUR_MS)
    assert 120 <= days <= 200
    assert set(first.places) < set(again.places)
    windows = {chat.hashtag: (chat.weekday, chat.start, chat.minutes, chat.time_zone) for chat in first.chats}
    assert windows["hitsm"] == (4, "12:00", 60, "America/New_York")
    assert windows["hcldr"] == (1, "20:30", 60, "America/New_York")
    assert windows["pinksocks"] == (None, None, None, None)


# -- what is believable --------------------------------------------------------------------------------------------


def test_posts_are_as_many_as_asked_for_and_most_attendees_are_silent() -> None:
    posts = of("large", events.ActivityPosted)
    assert len({post.id for post in posts}) == SIZES["large"][1]
    actors = {post.actor for post in posts}
    claims = {event.attendee: event.accounts for event in of("large", events.AttendeeRegistered)}
    loud = sum(any(account in actors for account in accounts) for accounts in claims.values())
    assert 0.05 < loud / len(claims) < 0.15
    claimed = {account for accounts in claims.values() for account in accounts}
    assert len(actors - claimed) > 20, "people who are not registered post too"
    counts = sorted(Counter(post.actor for post in posts).values(), reverse=True)
    assert sum(counts[: len(counts) // 10]) > 0.45 * len(posts), "a tenth writes half"


def test_dialogue_reposts_fans_and_blasts() -> None:
    posts = of("usual", events.ActivityPosted)
    said = [post for post in posts if post.repost_of is None]
    addressed = {(post.actor, to) for post in said if len(post.mentions) <= 10 for to in post.mentions}
    both = sum((b, a) in addressed for a, b in addressed)
    assert 0.15 < (len(posts) - len(said)) / len(posts) < 0.6
    assert 0.3 < both / len(addressed) < 0.9
    assert any(len(post.mentions) > 10 for post in said)
    assert not any(post.actor in post.mentions for post in posts)


def test_posts_rise_before_the_conference_and_most_during_it() -> None:
    start = millis(of("usual", events.ConferenceOpened)[0].starts_at)
    weeks = Counter((millis(post.at) - start) // (7 * 24 * HOUR_MS) for post in of("usual", events.ActivityPosted))
    assert weeks[0] > 2 * weeks[-1] > 2 * weeks[-12] > 0


@pytest.mark.parametrize("size", ["usual", "large"])
def test_duplicates_late_ones_and_deletions_are_rare_but_there(size: str) -> None:
    everything = decoded(size)
    doubles = len(everything) - len({event.id for event in everything})
    late = sum(lateness(event) > 2 * MINUTE_MS for event in everything)
    assert 0.005 < doubles / len(everything) < 0.03
    assert 0.005 < late / len(everything) < 0.08
    assert sum(lateness(event) > HOUR_MS for event in of(size, events.CheckinArrived)) > 0


def test_some_deletions_come_before_their_post() -> None:
    order: dict[str, int] = {}
    for index, event in enumerate(decoded("usual")):
        order.setdefault(event.id, index)
    deletions = of("usual", events.ActivityDeleted)
    early = [event for event in deletions if order[event.id] < order[event.deleted]]
    assert 0 < len(early) < len(deletions) / 2
    assert all(event.conference for event in early), "a router could not know where it belongs"


def test_registrations_come_before_between_and_on_the_day() -> None:
    start = millis(of("usual", events.ConferenceOpened)[0].starts_at)
    days = Counter((millis(event.at) - start) // (24 * HOUR_MS) for event in of("usual", events.AttendeeRegistered))
    assert sum(count for day, count in days.items() if day < -100) > 20
    assert sum(count for day, count in days.items() if -100 <= day < -1) > 100
    assert sum(count for day, count in days.items() if day >= -1) > 5


def test_some_never_come_some_come_one_day_most_come_more() -> None:
    visits: dict[str, set[str]] = {}
    for event in of("large", events.CheckinArrived):
        visits.setdefault(event.attendee, set()).add(event.at[:10] if event.at[11:13] > "07" else "night")
    attendees = SIZES["large"][0]
    assert 0.03 < 1 - len(visits) / attendees < 0.15
    assert 0.05 < sum(len(days - {"night"}) == 1 for days in visits.values()) / attendees < 0.3


def test_consents_of_all_kinds() -> None:
    first = [event.consent for event in of("usual", events.AttendeeRegistered)]
    assert 0.8 < sum(consent.matching for consent in first) / len(first) < 1
    assert 0.5 < sum(consent.share_place for consent in first) / len(first) < 0.9
    changes = of("usual", events.ConsentChanged)
    back = {event.attendee for event in changes if event.matching}
    assert back
    assert back < {event.attendee for event in changes if event.matching is False}
    assert any(event.chats is False for event in changes)
    assert any(event.share_place is not None for event in changes)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_most_answers_are_to_matches_that_the_engine_makes(seed: int) -> None:
    codec, replay = Codec(), Replay()
    suggested: set[str] = set()
    hits: list[bool] = []
    for line in lines("usual", seed):
        record = codec.decode(line)
        assert isinstance(record, Record)
        if isinstance(record.event, events.MatchAnswered):
            hits.append(record.event.match in suggested)
        suggested.update(output.match for output in replay.feed(record))
    assert len(hits) > 20
    assert sum(hits) > 0.6 * len(hits)


# -- edges ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attendees", "posts", "days"),
    [(1, 0, 1), (1, 500, 1), (2, 50, 1), (5, 0, 2), (30, 1, 14), (12, 20_000, 1), (400, 100, 3)],
)
def test_small_and_odd_sizes(attendees: int, posts: int, days: int) -> None:
    made = [DECODER.decode(line) for line in simulate(attendees=attendees, posts=posts, days=days, seed=7)]
    assert len({event.id for event in made if isinstance(event, events.ActivityPosted)}) == posts
    assert len({event.attendee for event in made if isinstance(event, events.AttendeeRegistered)}) == attendees
    recorded = [millis(event.recorded_at) for event in made]
    assert recorded == sorted(recorded)


@pytest.mark.slow
def test_whom_no_badge_has_seen_at_a_place_tells_none() -> None:
    made = [DECODER.decode(line) for line in simulate(attendees=1_000, posts=100_000, days=2, seed=1)]
    told = [event for event in made if isinstance(event, events.MatchAnswered) and event.answer == "here"]
    assert told
    assert all(event.place for event in told)


@pytest.mark.parametrize("size", [*SIZES.values(), (1, 0, 1), (100, 30_000, 1), (200, 300, 7)])
def test_the_expected_number_is_near(size: tuple[int, int, int]) -> None:
    attendees, posts, days = size
    expected = expected_events(attendees=attendees, posts=posts, days=days)
    made = sum(1 for _ in simulate(attendees=attendees, posts=posts, days=days))
    assert abs(made - expected) < max(40, made / 10)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"attendees": 0}, "attendees must be a whole number from 1 to 200,000, not 0"),
        ({"posts": -1}, "posts must be a whole number from 0 to 10,000,000, not -1"),
        ({"days": 15}, "days must be a whole number from 1 to 14, not 15"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"attendees": 2.5}, "attendees must be a whole number"),
    ],
)
def test_bad_arguments_are_refused_at_once_in_plain_words(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        simulate(**arguments)
