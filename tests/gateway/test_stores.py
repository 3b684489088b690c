"""The serving store emptied, ended, or somebody else's: everything in it comes back from the log."""

import asyncio
import os
import signal
from pathlib import Path

import redis

from services.inbox.valkey import EmbeddedValkey, _socket_folder
from tests.gateway.people import CONFERENCE, OPENING, Attendee, Server, attendee, good, opened, talked, until


def with_a_card(server: Server) -> tuple[Attendee, Attendee]:
    organizer = opened(server)
    ada, bob = (attendee(server, organizer, name) for name in ("ada", "bob"))
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


def test_a_redis_of_ones_own_that_is_emptied_and_then_another_logs(tmp_path: Path) -> None:
    store = EmbeddedValkey(tmp_path / "redis")
    asyncio.run(store.start())
    try:
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
            assert other.client("organizer").put(f"/v1/conferences/{CONFERENCE}", json=OPENING).status_code == 503
            assert other.process is not None
            other.process.wait(20)
            assert other.process.returncode == 2
            assert "another log" in other.errors.read_text()
    finally:
        asyncio.run(store.stop())
