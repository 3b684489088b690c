"""A conference that is opened late gets the past: the same ties as if it had been opened before."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

from schemas.codec import Codec, Record, encode
from schemas.events import Input
from schemas.times import DAY_MS, format_time
from schemas.topics import ACTIVITY, CONFERENCE_LOG
from services.kafka.access import Access
from services.kafka.topic_reader import TopicReader
from services.kafka.topic_writer import TopicWriter
from streams.backfill import Backfill
from streams.workers.ports import typed_message
from tests.cli.conftest import Hallway
from tests.scenarios.story import CONFERENCE, Story
from tests.workers.load import ended
from tests.workers.running import Topics, Worker, until

Json = dict[str, Any]


def story() -> list[Json]:
    """A month's posts, in a chat, between people, between strangers; the conference and its people."""
    told = Story(recorded=False).open(chats=[{"hashtag": "hitsm"}]).people("ada", "bob", "cy")
    told = told.talk("x:ada", "x:bob", posts=5).talk("x:bob", "x:cy").talk("x:zoe", "x:yan")
    for who in ("x:ada", "x:cy", "x:zoe", "x:ada", "x:cy", "x:ada", "x:cy"):
        told = told.post(who, tags=["HITsm"])
    begin = time.time_ns() // 1_000_000 - 30 * DAY_MS  # the broker's clock is today's, and posts count for 400 days
    return [event | {"at": format_time(begin + number * DAY_MS // 2)} for number, event in enumerate(told.events)]


def is_post(event: Json) -> bool:
    return str(event["type"]).startswith("activity.")


def put(address: str, topic: str, events: list[Json], key: str) -> None:
    async def write() -> None:
        async with TopicWriter(Access(address)) as into:
            messages = [typed_message(event[key], json.dumps(event).encode(), event["type"]) for event in events]
            await into.produce(topic, messages)

    asyncio.run(write())


def test_the_same_ties_as_if_it_had_been_open(
    kafka_address: str, made_topics: str, tmp_path: Path, hallway: Hallway
) -> None:
    events = story()
    posts = [event | {"conference": None} for event in events if is_post(event)]
    rest = [event for event in events if not is_post(event)]
    gone = {"type": "activity.deleted", "id": "gone", "at": posts[-1]["at"], "actor": posts[0]["actor"]}
    posts.append(gone | {"deleted": posts[0]["id"]})
    put(kafka_address, made_topics + ACTIVITY, posts, "actor")
    put(kafka_address, made_topics + CONFERENCE_LOG, rest, "conference")
    topic = f"kafka://{kafka_address}/{made_topics}{CONFERENCE_LOG}?conference={CONFERENCE}"
    assert hallway("ties", topic, "--conference", CONFERENCE, "--all").rows == []

    where = ["--kafka", kafka_address, "--prefix", made_topics, "--conference", CONFERENCE]
    dry = hallway("backfill", *where, "--dry-run")
    assert (dry.code, "would be copied" in dry.err) == (0, True), dry.err
    assert len(hallway("export", topic).rows) == len(rest)
    assert hallway("backfill", *where).code == 0
    lines = hallway("export", topic).rows
    brought = lines[len(rest) :]
    assert {row["id"] for row in brought} < {post["id"] for post in posts}, "only what belongs there"
    assert {row["type"] for row in brought} == {"activity.posted", "activity.deleted"}
    assert all(row["backfilled"] is True for row in brought)
    assert not any("backfilled" in row for row in lines[: len(rest)])

    now = lines[-1]["recorded_at"]
    before = tmp_path / "before.jsonl"  # as if it had been open and they registered: rest first, then all posts
    before.write_text("".join(json.dumps(event | {"recorded_at": now}) + "\n" for event in [*rest, *posts]))
    ties = hallway("ties", topic, "--conference", CONFERENCE, "--all")
    assert len(ties.rows) == 3
    assert ties.out == hallway("ties", before, "--conference", CONFERENCE, "--all").out

    again = hallway("backfill", *where)
    assert "0 records copied" in again.err
    assert len(hallway("export", topic).rows) == len(lines)


async def past_all(address: str, prefix: str, router: Worker) -> None:
    """Waits until the router has dealt with all posts."""
    async with TopicWriter(Access(address)) as producer, TopicReader(Access(address)) as reader:
        await ended(Topics(producer, reader, prefix), ACTIVITY, [router])


def test_a_router_brings_the_past_by_itself_and_once(
    kafka_address: str, made_topics: str, tmp_path: Path, hallway: Hallway
) -> None:
    events = story()
    posts = [event | {"conference": None} for event in events if is_post(event)]
    rest = [event for event in events if not is_post(event)]
    put(kafka_address, made_topics + ACTIVITY, posts, "actor")
    with Worker("router", kafka_address, made_topics, tmp_path) as router:
        asyncio.run(past_all(kafka_address, made_topics, router))
        put(kafka_address, made_topics + CONFERENCE_LOG, rest, "conference")
        asyncio.run(until(lambda: router.log().count("the backfill is done") == 1))
        topic = f"kafka://{kafka_address}/{made_topics}{CONFERENCE_LOG}?conference={CONFERENCE}"
        lines = hallway("export", topic).rows
        assert len(hallway("ties", topic, "--conference", CONFERENCE, "--all").rows) == 3
        assert {row["id"] for row in lines if row.get("backfilled")}, "what was before the opening is marked"
        router.kill()
        router.start()
        later = rest[0] | {"conference": "zz-later", "id": "later", "hashtags": ["later"], "chats": []}
        put(kafka_address, made_topics + CONFERENCE_LOG, [later], "conference")
        asyncio.run(until(lambda: router.log().count("the backfill is done") == 2))  # of zz-later, looked at last
        assert len(hallway("export", topic).rows) == len(lines)
        assert router.end()[0] == 0


def test_what_is_not_open_is_refused(kafka_address: str, made_topics: str, hallway: Hallway) -> None:
    refused = hallway("backfill", "--kafka", kafka_address, "--prefix", made_topics, "--conference", "nowhere")
    assert (refused.code, "nowhere is not open" in refused.err) == (2, True)


def test_what_the_log_has_is_passed_over() -> None:
    codec, past = Codec(), Backfill(CONFERENCE)

    def events(posts: bool) -> list[Input]:
        told = [event | ({"conference": None} if posts else {}) for event in story() if is_post(event) is posts]
        return [found.event for event in told if isinstance(found := codec.decode(json.dumps(event).encode()), Record)]

    for event in events(posts=False):
        past.learn(event)
    copies = [copy for post in events(posts=True) for copy in past.copy([post])]
    assert len(copies) == 16  # all but what two strangers said without a hashtag
    for copy in copies[:-1]:
        assert b'"backfilled":true' in encode(copy)
        past.learn(copy)
    assert [copy.id for post in events(posts=True) for copy in past.copy([post])] == [copies[-1].id]
