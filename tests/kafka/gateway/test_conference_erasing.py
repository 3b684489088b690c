"""A whole conference erased on a real broker, with real workers: nothing of it can be reached or comes back."""

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx
import pytest
import redis

from schemas.topics import CONFERENCE_LOG, MATCHES, SNAPSHOT_CHUNKS, SNAPSHOTS
from services.kafka.access import Access
from services.kafka.backfill import backfill
from services.kafka.clients import KafkaRefusedError
from services.kafka.logs import read_lines
from services.kafka.topic_reader import TopicReader
from services.kafka.topic_urls import TopicUrl as Where
from services.kafka.topic_writer import TopicWriter
from services.worker.snapshots import TopicSnapshots
from streams.workers.ports import StoredSnapshot
from tests.api.people import OPENING, Attendee, Server, attendee, good, now, opened, stream, talked, until
from tests.api.test_erasing import in_redis, stored
from tests.kafka.gateway.conftest import Place
from tests.kafka.gateway.logs import records
from tests.workers.running import Worker

OVER, STAYS, CANARY = "over", "stays", "qxcanary"
LONG_S = 60.0  # three workers begin at once on a machine that does other things too


def erase(client: httpx.Client) -> httpx.Response:
    return client.request("DELETE", f"/v1/conferences/{OVER}", json={"erase": OVER})


@contextmanager
def working(place: Place) -> Iterator[list[Worker]]:
    """One worker of each kind."""
    with ExitStack() as stack:
        options = {"router": (), "matcher": (), "delivery": ("--redis", place.redis_url)}
        workers = [Worker(kind, place.servers, place.prefix, place.folder, *more) for kind, more in options.items()]
        for worker in workers:
            stack.enter_context(worker)
        for worker in workers:
            until(worker.works, LONG_S)
        yield workers


def pair(server: Server, organizer: httpx.Client, conference: str) -> tuple[Attendee, Attendee]:
    ada, bob = (attendee(server, organizer, f"{name}-{CANARY}-{conference}", conference) for name in ("ada", "bob"))
    talked(server, ada, bob)
    for who in (ada, bob):
        who.say("/v1/me/here", place="hall-a")
    until(ada.cards, LONG_S)
    until(bob.cards, LONG_S)
    return ada, bob


def tokens_in_log(place: Place, conference: str) -> set[bytes]:
    lines = [
        record.value or b"" for record in records(place.servers, place.topics.log) if record.key == conference.encode()
    ]
    return {word for line in lines for word in line.split(b'"') if word.startswith(b"p:")}


def words_of(place: Place, people: tuple[Attendee, ...]) -> list[bytes]:
    """What names them here: ids, accounts, names and addresses, and the tokens that no other log has."""
    accounts = [who.account.partition(":")[2] for who in people]
    named = [word.encode() for name in accounts for word in (name, name.title())]
    return [*named, *[who.id.encode() for who in people], *tokens_in_log(place, OVER) - tokens_in_log(place, STAYS)]


def left(server: Server, words: list[bytes]) -> list[str]:
    return [name for name, value in stored(server.data) if any(word in value for word in words)]


def test_nothing_of_it_can_be_reached_and_nothing_brings_it_back(place: Place) -> None:
    store = redis.Redis.from_url(place.redis_url)
    with working(place) as workers, place.ready() as server:
        organizer, operator = opened(server, OVER), server.client("operator")
        opened(server, STAYS, hashtags=["other"])  # or it would have their posts too
        gone, others = pair(server, organizer, OVER), pair(server, organizer, STAYS)
        server.posts.unlink()
        bad = {"type": "checkin.arrived", "id": "bad", "at": now(), "conference": OVER, "attendee": 7}
        bad["who"] = gone[0].account
        assert good(organizer.post("/v1/events", json=bad))["results"][0]["status"] == "rejected"
        words = words_of(place, gone)
        assert left(server, words)
        assert erase(organizer).status_code == 409
        good(organizer.post(f"/v1/conferences/{OVER}/close"))
        with stream(server, gone[0].http, "/v1/me/stream") as live:
            live.next()
            answer = erase(organizer)
            assert (answer.status_code, answer.json()["erased"]) == (202, OVER), answer.text
            assert "matches are kept until" in answer.json()["remains"]
            until(lambda: live.next()["event"] == "end")
        assert [gone[0].http.get("/v1/me").status_code, erase(organizer).status_code] == [401, 403]
        assert erase(operator).status_code == 404
        assert organizer.put(f"/v1/conferences/{OVER}", json=OPENING).status_code == 422
        assert [each["id"] for each in good(operator.get("/v1/conferences"))["conferences"]] == [STAYS]
        until(lambda: not left(server, words), LONG_S)
        with pytest.raises(KafkaRefusedError, match="not open"):
            asyncio.run(backfill(Access(place.servers), OVER, prefix=place.prefix))
        for worker in workers:  # whatever is in memory goes; the topics alone could bring it back
            worker.kill()
            worker.start()
        ada, bob = others
        card = ada.cards()[0]["card"]
        for who in (ada, bob):
            who.say("/v1/me/answers", card=card, answer="accepted")
        until(lambda: ada.cards()[0]["agreed_at"], LONG_S)
        for worker in workers:
            until(worker.works, LONG_S)
    known = [name for name, value in in_redis(store) if OVER.encode() in value or any(word in value for word in words)]
    assert known == []
    _topics_name_nobody(place, gone)
    shutil.rmtree(server.data / "copy")
    with place.ready() as again:  # made again out of the log
        assert [each["id"] for each in good(again.client("operator").get("/v1/conferences"))["conferences"]] == [STAYS]
        until(lambda: not left(again, words), LONG_S)
        assert erase(again.client("operator")).status_code == 404


def _topics_name_nobody(place: Place, people: tuple[Attendee, ...]) -> None:
    """The log has its records still, and what erases it once; there are no names, and no state of it any more."""
    log = [record for record in records(place.servers, place.topics.log) if record.key == OVER.encode()]
    assert [record.value is None for record in log].count(True) == 1
    assert {b'"conference":"stays"' in line for line in _lines(place)} == {True}  # what a replay or an export gets
    for topic in (
        CONFERENCE_LOG,
        MATCHES,
        SNAPSHOTS,
        SNAPSHOT_CHUNKS,
        place.topics.activity.removeprefix(place.prefix),
    ):
        found = records(place.servers, place.prefix + topic)
        assert not any(CANARY.encode() in (record.value or b"") for record in found)
        if topic in (SNAPSHOTS, SNAPSHOT_CHUNKS):
            newest = {record.key: record.value for record in found}
            assert [key for key, value in newest.items() if key.startswith(b"over/") and value is not None] == []
            routers = [value for key, value in newest.items() if key.startswith(b"~router/") and value is not None]
            assert topic == SNAPSHOT_CHUNKS or routers, "what it learnt of the end is kept at once"


def _lines(place: Place) -> list[bytes]:
    async def read() -> list[bytes]:
        return [
            line
            for part in [
                part async for part in read_lines(Access(place.servers), Where(place.servers, place.topics.log))
            ]
            for line in part
        ]

    return asyncio.run(read())


def test_all_of_a_conferences_snapshots_go_and_no_others(place: Place) -> None:
    async def kept() -> None:
        access = Access(place.servers)
        async with TopicWriter(access) as producer, TopicReader(access) as reader:
            stores = [TopicSnapshots(producer, reader, owner, place.prefix) for owner in ("one", "two")]
            for round_ in range(3):  # both slots, several chunks
                for store in stores:
                    noise = b"".join(f"{round_}-{n}".encode() for n in range(1_000)) + bytes(range(256))
                    await store.save(1, StoredSnapshot("gone", round_, noise))
            await stores[0].save(1, StoredSnapshot("gone-too", 1, b"other"))
            await stores[0].save(1, StoredSnapshot("gon", 1, b"other"))
            await stores[1].delete(1, "gone")
            _, found = await stores[0].load(1)
            assert {one.name for one in found} == {"gon", "gone-too"}

    asyncio.run(kept())
    for topic in (SNAPSHOTS, SNAPSHOT_CHUNKS):
        newest = {record.key: record.value for record in records(place.servers, place.prefix + topic)}
        assert not [key for key, value in newest.items() if key.startswith(b"gone/") and value is not None]
        assert [key for key, value in newest.items() if key.startswith(b"gone-too/") and value is not None]


def test_what_a_kill_interrupts_is_gone_on_with(place: Place) -> None:
    with place.ready() as server:
        organizer = opened(server, OVER)
        ada = attendee(server, organizer, f"ada-{CANARY}", OVER)
        good(organizer.post(f"/v1/conferences/{OVER}/close"))
        server.posts.unlink()
        words = words_of(place, (ada,))
        server.kill()
    # As after a kill between the note and all the rest; and the copy was lost.
    with sqlite3.connect(server.data / "directory" / "directory.sqlite") as base:
        base.execute("INSERT INTO erasures VALUES (?, '', '[]', '[]', '[]')", (OVER,))
    base.close()
    shutil.rmtree(server.data / "copy")
    with place.server() as again:
        until(lambda: not left(again, words), LONG_S)
        until(lambda: again.client().get("/healthz/ready").status_code == 200)
        assert good(again.client("operator").get("/v1/conferences")) == {"conferences": []}
        assert [record.value for record in records(place.servers, place.topics.log)][-1] is None
