"""The serving store emptied, ended, or somebody else's: everything in it comes back from the log."""

import asyncio
import io
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path

import pytest
import redis

from services.cli.main import main
from services.inbox.redis.embedded_valkey import EmbeddedValkey, _socket_folder
from services.inbox.redis.keys import Keys
from tests.api.people import CONFERENCE, Attendee, Server, attendee, good, opened, stream, talked, until


def with_a_card(server: Server, conference: str = CONFERENCE) -> tuple[Attendee, Attendee]:
    organizer = opened(server, conference)
    ada, bob = (attendee(server, organizer, name, conference) for name in ("ada", "bob"))
    talked(server, ada, bob)
    ada.say("/v1/me/here", place="hall-a")
    bob.say("/v1/me/here", place="hall-a")
    until(ada.cards)
    return ada, bob


def cards(who: Attendee) -> list[str]:
    answer = who.http.get("/v1/me/inbox")
    assert answer.status_code in (200, 503)
    return [card["card"] for card in answer.json().get("cards", [])]


def test_an_ended_embedded_store_comes_back_full(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        ada, bob = with_a_card(server)
        before = cards(ada)
        socket = _socket_folder((server.data / "valkey").resolve()) / "valkey.sock"
        with redis.Redis(unix_socket_path=str(socket)) as client:
            os.kill(client.info()["process_id"], signal.SIGKILL)
        until(lambda: cards(ada) == before and cards(bob) == before)
        ada.say("/v1/me/answers", card=before[0], answer="accepted")
        bob.say("/v1/me/answers", card=before[0], answer="accepted")
        until(lambda: good(bob.http.get("/v1/me/inbox"))["cards"][0]["agreed_at"])


@contextmanager
def own_redis(folder: Path) -> Iterator[EmbeddedValkey]:
    """A Redis as an operator has one beside the server."""
    store = EmbeddedValkey(folder)
    asyncio.run(store.start())
    try:
        yield store
    finally:
        asyncio.run(store.stop())


def test_what_somebody_changed_in_redis_is_made_again_on_the_operators_word(tmp_path: Path) -> None:
    with own_redis(tmp_path / "redis") as store, Server(tmp_path, redis=store.url) as server:
        ada, bob = with_a_card(server)
        (before,) = ada.cards()
        with redis.Redis.from_url(store.url) as client, stream(server, ada.http, "/v1/me/stream") as live:
            assert json.loads(live.next()["data"])["card"] == before["card"]
            client.delete(*Keys(CONFERENCE).of(ada.id))
            assert ada.cards() == []  # it looks whole, so nobody finds out
            said = hallway(server, "inboxes", "rebuild", CONFERENCE)
            assert said == f"The inboxes of {CONFERENCE} are rebuilt.\n"
            assert ada.cards() == [before]
            for who in (ada, bob):
                who.say("/v1/me/answers", card=before["card"], answer="accepted")
            assert live.next()["event"] == "agreed"  # the stream goes on where it was
        operator = server.client("operator")
        assert good(operator.get(f"/v1/conferences/{CONFERENCE}/inboxes"))["state"] == "ready"
        assert operator.post("/v1/conferences/nowhere/inboxes/rebuild").status_code == 404


def hallway(server: Server, *arguments: str) -> str:
    """A command as the operator types it; what it says."""
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stderr(said):
        patch.setenv("HALLWAY_KEY", server.keys["operator"])
        assert main([*arguments, "--url", server.address]) == 0, said.getvalue()
    return said.getvalue()


def test_a_redis_of_ones_own_that_is_emptied_and_then_another_logs(tmp_path: Path) -> None:
    with own_redis(tmp_path / "redis") as store:
        (tmp_path / "one").mkdir()
        with Server(tmp_path / "one", redis=store.url) as server:
            ada, _ = with_a_card(server)
            before = cards(ada)
            with redis.Redis.from_url(store.url) as client:
                client.flushall()
            until(lambda: cards(ada) == before)
            assert not (server.data / "valkey").exists()
        (tmp_path / "two").mkdir()
        with Server(tmp_path / "two", redis=store.url) as other:
            organizer = opened(other)
            overview = f"/v1/conferences/{CONFERENCE}/overview"
            said = until(lambda: good(organizer.get(overview))["trouble"])
            assert "another log" in said
            assert f"hallway inboxes rebuild {CONFERENCE}" in said
            assert with_a_card(other, "of-its-own")[0]  # other conferences go on
            hallway(other, "inboxes", "rebuild", CONFERENCE)
            until(lambda: good(organizer.get(overview))["trouble"] is None)
        assert other.errors.read_text().count("another log") < 5
