"""A log as a file, in a journal, in a topic: whichever way it went, the same outputs, byte for byte."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from schemas.codec import Codec, Record, encode
from schemas.events import ActivityPosted, ClockTicked
from schemas.topics import ACTIVITY, CONFERENCE_LOG, MATCHES
from services.journal.sqlite import SqliteJournal
from services.kafka.access import Access
from services.kafka.topic_writer import TopicWriter
from services.tools.simulation import simulate
from streams.routing import Router
from streams.workers.ports import Message, typed_message
from tests.cli.conftest import Hallway, Log
from tests.scenarios.story import CONFERENCE, Story


def put(address: str, topic: str, messages: Sequence[Message]) -> None:
    async def write() -> None:
        async with TopicWriter(Access(address)) as into:
            await into.produce(topic, messages)

    asyncio.run(write())


def journaled(lines: Sequence[bytes], folder: Path) -> str:
    """A data folder with the conference's log, its events routed as a service does."""
    journal, codec, router, entries = SqliteJournal(folder), Codec(), Router(), list[tuple[str, bytes]]()
    for line in lines:
        record = codec.decode(line)
        assert isinstance(record, Record)
        entries += [(conference, encode(event)) for conference, event in router.route(record.event)]
    journal.append(entries, 1)
    journal.close()
    return str(folder)


def test_file_journal_topic_file(kafka_address: str, made_topics: str, tmp_path: Path, hallway: Hallway) -> None:
    lines = list(simulate(attendees=60, posts=1_500, days=2, seed=5))
    file, back = tmp_path / "log.jsonl", tmp_path / "back.jsonl.zst"
    file.write_bytes(b"".join(line if line.endswith(b"\n") else line + b"\n" for line in lines))
    of_file = hallway("replay", file)
    assert of_file.rows, "nothing was put out"
    folder = journaled(lines, tmp_path / "data")
    conference = of_file.rows[0]["conference"]
    topic = f"kafka://{kafka_address}/{made_topics}{CONFERENCE_LOG}"
    exported = hallway("export", folder, "--output", topic)
    assert exported.code == 0, exported.err
    assert hallway("export", topic, "--output", back).code == 0
    for way in (folder, topic, f"{topic}?conference={conference}", f"{topic}?conference={conference}&from=0", back):
        replayed = hallway("replay", way)
        assert (replayed.code, replayed.out) == (0, of_file.out), way
        assert replayed.digest == of_file.digest
    ties = hallway("ties", file, "--conference", conference).out
    assert ties
    assert hallway("ties", topic, "--conference", conference).out == ties
    nobody = hallway("replay", f"{topic}?conference=nobody")
    assert (nobody.code, nobody.out) == (0, b"")


def test_an_unrouted_file_goes_into_the_log_as_the_router_would_have_it(
    kafka_address: str, made_topics: str, log: Log, hallway: Hallway
) -> None:
    story = Story().open().people("ada", "bob").talk("x:ada", "x:bob").at("10:00").all_arrive("ada", "bob")
    for event in story.events:
        if event["type"] == "activity.posted":
            event.pop("conference", None)
    name, topic = log(story), f"kafka://{kafka_address}/{made_topics}"
    assert hallway("export", name, "--output", topic + CONFERENCE_LOG).code == 0
    of_topic, of_file = hallway("replay", topic + CONFERENCE_LOG), hallway("replay", name)
    assert of_file.rows
    assert of_topic.out == of_file.out
    posts = [event for event in story.events if event["type"] == "activity.posted"]
    into_activity = hallway("export", name, "--output", topic + ACTIVITY)
    assert f"{len(posts)} records" in into_activity.err
    assert len(hallway("export", topic + ACTIVITY).rows) == len(posts)
    assert hallway("export", name, "--output", topic + CONFERENCE_LOG).code == 0  # again: doubles
    assert hallway("replay", topic + CONFERENCE_LOG).out == of_file.out


def test_the_brokers_time_is_recorded_at_and_can_be_sought(
    kafka_address: str, made_topics: str, hallway: Hallway
) -> None:
    topic = made_topics + CONFERENCE_LOG
    at, old = "2026-03-09T10:00:00.000Z", "2026-03-09T11:00:00.000Z"
    own = ClockTicked(id="own", at=at, conference=CONFERENCE, recorded_at=old)
    named = ActivityPosted(id='x:1"recorded_at"', at=at, actor="x:ada", hashtags=(), mentions=(), conference=CONFERENCE)
    plain = ClockTicked(id="plain", at=at, conference=CONFERENCE)
    other = ClockTicked(id="other", at=at, conference="another")
    events = [own, named, plain, other]
    put(kafka_address, topic, [typed_message(event.conference, encode(event), "x") for event in events])
    where = f"kafka://{kafka_address}/{topic}"
    shown = {row["id"]: row for row in hallway("export", where).rows}
    assert shown["own"]["recorded_at"] == old
    assert shown["plain"]["recorded_at"] > "2026-06"  # today, as the broker has it
    assert shown[named.id]["recorded_at"] == shown["plain"]["recorded_at"]  # of one batch
    assert set(shown) == {"own", "plain", "other", named.id}

    def ids(start: str) -> list[str]:
        return [row["id"] for row in hallway("export", f"{where}?conference={CONFERENCE}&from={start}").rows]

    assert ids(old) == ["own", named.id, "plain"]
    assert ids("2026-03-09T11:00:00.001Z") == [named.id, "plain"]
    assert ids("2099-01-01T00:00:00Z") == []
    all_of_it = hallway("export", f"{where}?conference={CONFERENCE}&from=0").rows
    assert [row["id"] for row in all_of_it] == ["own", named.id, "plain"]
    assert ids("999999") == []


def test_what_cannot_be_read_becomes_dead_letters(
    kafka_address: str, made_topics: str, tmp_path: Path, hallway: Hallway
) -> None:
    topic, letters = made_topics + CONFERENCE_LOG, tmp_path / "letters.jsonl"
    good = encode(ClockTicked(id="1", at="2026-03-09T10:00:00.000Z", conference=CONFERENCE))
    values = [b"not json", b"{}", good, b"\xff\xfe", b'{"type":\n"nothing"}']
    put(kafka_address, topic, [typed_message(CONFERENCE, value, "x") for value in values])
    done = hallway("replay", f"kafka://{kafka_address}/{topic}", "--dead-letters", letters)
    assert done.code == 0
    assert [json.loads(line)["position"] for line in letters.read_bytes().splitlines()] == [1, 2, 4, 5]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("kafka://127.0.0.1:9/a", "No Kafka answers"),
        ("kafka://127.0.0.1/a", "is not a topic URL"),
        ("kafka://127.0.0.1:9092", "is not a topic URL"),
        ("kafka://127.0.0.1:9092/a?from=5", "Add the conference too"),
        ("kafka://127.0.0.1:9092/a?from=soon", "neither an offset nor a time"),
        ("kafka://127.0.0.1:9092/a?conference=a+b", "is not an id"),
        ("kafka://127.0.0.1:9092/a?what=b", "after the ? only"),
    ],
)
def test_what_is_no_place_is_reported(name: str, said: str, hallway: Hallway) -> None:
    done = hallway("replay", name)
    assert (done.code, said in done.err) == (2, True), done.err


def test_a_topic_that_is_not_there_and_one_that_takes_no_events(
    kafka_address: str, made_topics: str, log: Log, hallway: Hallway
) -> None:
    missing = hallway("replay", f"kafka://{kafka_address}/missing")
    assert (missing.code, "has no topic missing" in missing.err) == (2, True)
    name = log(Story().open())
    refused = hallway("export", name, "--output", f"kafka://{kafka_address}/{made_topics}{MATCHES}")
    assert (refused.code, "events go to" in refused.err) == (2, True)
