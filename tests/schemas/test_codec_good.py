"""What the codec takes: a kept sample of every event, its round trip, normal forms, bounds from inside."""

import json
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas import names
from schemas.codec import EVENT_BYTES, Codec, Record, encode
from schemas.events import Input
from schemas.times import format_time
from tests.schemas.kept import LEFT_OUT, LINES, TYPES, changed, good

POST = "activity.posted"
OPENED = "conference.opened"


def as_written(record: Record) -> Record:
    """The record with its times in the form in which they are kept."""
    recorded = None if record.recorded is None else format_time(record.recorded)
    return replace(record, event=replace(record.event, at=format_time(record.at), recorded_at=recorded))


def test_there_is_a_sample_of_every_event() -> None:
    assert set(TYPES) == {kind.__struct_config__.tag for kind in get_args(Input)}


@pytest.mark.parametrize("line", LINES, ids=[json.loads(line)["id"] for line in LINES])
def test_a_kept_sample_is_read_and_written_as_it_was(line: bytes) -> None:
    record = good(line)
    again = encode(record.event)
    assert json.loads(again) == json.loads(line)
    assert good(again) == record


@pytest.mark.parametrize("kind", TYPES)
def test_unknown_fields_are_passed_over(kind: str) -> None:
    unknown = {"x": None, "deep": {"type": "conference.closed", "id": 5}, "": [1.5, "a"]}
    assert good(changed(kind, **unknown)) == good(changed(kind))


def test_unknown_fields_are_passed_over_inside_too() -> None:
    places = [{"place": "hall-b", "name": "Hall B", "floor": 2}]
    chats = [{"hashtag": "hitsm", "host": "x:ada"}]
    event = good(changed(OPENED, places=places, chats=chats)).event
    assert event.places[0].place == "hall-b"
    assert event.chats[0].hashtag == "hitsm"


def test_of_a_key_given_twice_the_last_counts() -> None:
    line = changed("clock.ticked")[:-1] + b', "id": "e:20", "conference": "other"}'
    event = good(line).event
    assert (event.id, event.conference) == ("e:20", "other")


def test_null_says_the_same_as_leaving_out() -> None:
    nothing = dict.fromkeys(("source", "recorded_at", "reply_to", "repost_of", "conference"))
    assert good(changed(POST, **nothing)) == good(changed(POST, **dict.fromkeys(nothing, LEFT_OUT)))


def test_an_event_of_65536_bytes_is_taken() -> None:
    line = changed("clock.ticked", filler="")
    filled = changed("clock.ticked", filler="a" * (EVENT_BYTES - len(line)))
    assert len(filled) == 65_536
    good(filled)


@pytest.mark.parametrize("length", [1, 128])
@pytest.mark.parametrize("field", ["conference", "attendee", "place"])
def test_ids_have_1_to_128_characters(field: str, length: int) -> None:
    event = good(changed("checkin.arrived", **{field: "a" * length})).event
    assert getattr(event, field) == "a" * length


@pytest.mark.parametrize("minutes", [1, 1440])
@pytest.mark.parametrize("weekday", [0, 6])
def test_a_chats_window_from_inside(minutes: int, weekday: int) -> None:
    chat = {
        "hashtag": "#HITsm",
        "weekday": weekday,
        "start": "23:59",
        "minutes": minutes,
        "time_zone": "America/New_York",
    }
    (kept,) = good(changed(OPENED, chats=[chat])).event.chats
    assert (kept.hashtag, kept.weekday, kept.minutes) == ("hitsm", weekday, minutes)


def test_a_policy_has_the_contracts_defaults() -> None:
    policy = good(changed(OPENED, matching=LEFT_OUT)).event.matching
    assert msgspec.to_builtins(policy) == {}
    assert (policy.accounts, policy.presence_hours, policy.per_hour, policy.per_day) == ("verified", 12, 3, 10)
    assert (policy.known_each, policy.known_posts, policy.known_days) == (2, 4, 2)
    assert (policy.chat_sessions, policy.chat_weight) == (3, 2000)
    assert (policy.evidence_days, policy.half_life_days, policy.near_minutes) == (400, 180, 30)


# -- normal forms --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("X:Ada", "x:ada"),
        ("@x:ada", "x:ada"),
        ("x:@ada", "x:ada"),
        ("＠x:＠ada", "x:ada"),  # fullwidth signs
        ("ｘ：Ａｄａ", "x:ada"),
        ("mastodon:Ada@Example.Social", "mastodon:ada@example.social"),
        ("bsky:did:plc:ABC", "bsky:did:plc:abc"),
        ("x:Straße", "x:strasse"),
        ("x:ﬁne", "x:fine"),
        ("x:ΌΣΟΣ", "x:όσοσ"),
    ],
)
def test_accounts_are_normalised(text: str, normal: str) -> None:
    event = good(changed(POST, actor=text, mentions=[text], reply_to=text, repost_of=text)).event
    assert (event.actor, event.mentions, event.reply_to, event.repost_of) == (normal, (normal,), normal, normal)
    assert good(changed("attendee.registered", accounts=[text])).event.accounts == (normal,)
    assert good(changed("account.verified", account=text)).event.account == normal
    assert good(changed("attendee.blocked", blocked=text)).event.blocked == normal


@pytest.mark.parametrize(
    ("text", "normal"),
    [("HITsm", "hitsm"), ("#HITsm", "hitsm"), ("＃HITsm", "hitsm"), ("ＨＩＴ", "hit"), ("Café", "café"), ("İ", "i")],
)
def test_hashtags_are_normalised(text: str, normal: str) -> None:
    assert good(changed(POST, hashtags=[text])).event.hashtags == (normal,)
    event = good(changed(OPENED, hashtags=[text], chats=[{"hashtag": text}])).event
    assert (event.hashtags, event.chats[0].hashtag) == ((normal,), normal)


def test_the_ids_of_attendees_keep_their_case() -> None:
    event = good(changed("attendee.blocked", attendee="A-1", blocked="B-2")).event
    assert (event.attendee, event.blocked) == ("A-1", "B-2")


# Texts out of the signs that matter, with white space, and any character at all.
SIGNS = st.sampled_from("@#＠＃﹫﹟:： \t\u3000\u00a8\u0345ᾳßﬁİaA\u0301")
TRICKY = st.text(SIGNS | st.characters(exclude_categories=["Cs"]))


@given(TRICKY)
def test_a_normal_form_stays_as_it_is(text: str) -> None:
    for normal in (names.normalize_account, names.normalize_hashtag, names.normalize_person):
        for said in (text, f"#{text}", f"x:{text}", f"x:@{text}", f"@{text}:ada"):
            try:
                once = normal(said)
            except ValueError:
                continue
            assert normal(once) == once


@given(TRICKY)
def test_a_normal_form_has_no_leading_sign_or_space(text: str) -> None:
    try:
        network, _, handle = names.normalize_account(f"x:@{text}").partition(":")
        tag = names.normalize_hashtag(f"#{text}")
    except ValueError:
        return
    for part in (network, handle, tag):
        assert part
        assert part[0] not in "@#"
        assert not part[0].isspace()


# -- writing -------------------------------------------------------------------------------------------------------


@given(st.sampled_from(LINES), st.sampled_from(["2026-03-09T14:05:00.0009999+01:00", "2000-01-01t00:00:00z"]))
def test_what_is_written_is_read_as_the_same(line: bytes, at: str) -> None:
    event = json.loads(line) | {"at": at, "recorded_at": at}
    record = good(json.dumps(event).encode())
    again = good(encode(record.event))
    assert again == as_written(record)
    assert encode(again.event) == encode(record.event)


# -- whole blocks --------------------------------------------------------------------------------------------------

BAD = [b"", b"{", b"[]", b"null", b'{"type":"x"}', b'{"type":"clock.ticked"}', b"\xff", LINES[0] + LINES[1], b" "]
PIECES = st.sampled_from([*LINES, *BAD]) | st.sampled_from(LINES).flatmap(
    lambda line: st.integers(0, len(line)).map(lambda cut: line[:cut])
)


@given(st.lists(st.sampled_from(LINES), min_size=1, max_size=12), st.sampled_from([b"", b"\n"]))
def test_good_blocks_are_decoded_whole(lines: list[bytes], end: bytes) -> None:
    codec = Codec()
    assert codec.decode_all(b"\n".join(lines) + end) == [codec.decode(line) for line in lines]


@given(st.lists(PIECES, max_size=8), st.sampled_from([b"\n", b"\n\n", b"\r\n", b"", b" ", b",", b"\n "]))
def test_a_block_is_decoded_as_its_lines_are_or_not_at_all(lines: list[bytes], between: bytes) -> None:
    codec = Codec()
    block = between.join(lines)
    records = codec.decode_all(block)
    if records is not None:
        assert records == [codec.decode(line) for line in block.splitlines() if line.strip()]


@given(st.lists(st.sampled_from(LINES), min_size=1, max_size=3), st.data())
def test_line_ends_inside_an_event_never_pass_as_one(lines: list[bytes], data: st.DataObject) -> None:
    block = bytearray(b"\n".join(lines))
    spots = [i for i, byte in enumerate(block) if byte in b'{},:[]"']
    for spot in sorted(data.draw(st.lists(st.sampled_from(spots), max_size=3)), reverse=True):
        block[spot:spot] = b"\n"
    codec = Codec()
    records = codec.decode_all(bytes(block))
    if records is not None:
        assert records == [codec.decode(line) for line in bytes(block).split(b"\n") if line]
