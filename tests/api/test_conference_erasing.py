"""A whole conference erased after the event: nothing of it is left, nobody else loses anything."""

import sqlite3
from pathlib import Path

import httpx
import redis

from services.inbox.redis.embedded_valkey import _socket_folder
from tests.api.people import (
    OPENING,
    Attendee,
    Server,
    attendee,
    good,
    now,
    opened,
    records_in,
    stream,
    talked,
    until,
)
from tests.api.test_erasing import in_base64, in_redis, stored

OVER, STAYS = "over-qxcanary", "stays"


def erase(client: httpx.Client, conference: str = OVER, said: str | None = None) -> httpx.Response:
    return client.request("DELETE", f"/v1/conferences/{conference}", json={"erase": said or conference})


def in_use(server: Server, organizer: httpx.Client, conference: str) -> tuple[Attendee, Attendee]:
    ada, bob = (attendee(server, organizer, f"{name}-{conference}", conference) for name in ("ada", "bob"))
    talked(server, ada, bob)
    for who in (ada, bob):
        who.say("/v1/me/here", place="hall-a")
    until(ada.cards)
    until(bob.cards)
    return ada, bob


def in_store(server: Server) -> redis.Redis:
    socket = server.data.resolve() / "valkey" / "valkey.sock"
    if not socket.exists():  # a long path: it lies in the temporary folder
        socket = _socket_folder((server.data / "valkey").resolve()) / "valkey.sock"
    return redis.Redis(unix_socket_path=str(socket))


def test_nothing_of_an_erased_conference_is_left(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        organizer, operator = opened(server, OVER), server.client("operator")
        opened(server, STAYS)
        gone, others = in_use(server, organizer, OVER), in_use(server, organizer, STAYS)
        server.posts.unlink()
        badges = {"role": "connector", "id": "badges", "conferences": [OVER], "checkins": True}
        key = good(operator.post("/v1/keys", json=badges))["key"]
        bad = {"type": "checkin.arrived", "id": "bad", "at": now(), "conference": OVER, "attendee": 7}
        assert good(organizer.post("/v1/events", json=bad))["results"][0]["status"] == "rejected"

        refused = [erase(organizer), erase(server.client("other_organizer")), erase(operator, said="over")]
        assert [answer.status_code for answer in refused] == [409, 403, 422]
        good(organizer.post(f"/v1/conferences/{OVER}/close"))
        words = [OVER.encode(), *in_base64(OVER.encode()), *[who.id.encode() for who in gone]]
        words += [who.account.encode() for who in gone]
        with stream(server, gone[0].http, "/v1/me/stream") as live, in_store(server) as store:
            assert live.next()["event"] == "suggested"
            assert erase(organizer).json() == {"erased": OVER}
            until(lambda: live.next()["event"] == "end")
            assert [name for name, value in in_redis(store) if any(word in value for word in words)] == []
        assert gone[0].http.get("/v1/me").status_code == 401
        assert organizer.get(f"/v1/conferences/{OVER}").status_code == 403
        assert [each["id"] for each in good(operator.get("/v1/conferences"))["conferences"]] == [STAYS]
        (row,) = [each for each in good(operator.get("/v1/keys"))["keys"] if each["key"] == key]
        assert (row["conferences"], row["revoked"]) == ([], True)

        def left() -> list[str]:
            return [name for name, value in stored(server.data) if any(word in value for word in words)]

        until(lambda: not left())
        ada, bob = others
        assert (len(ada.cards()), good(bob.http.get("/v1/me"))["place"]) == (1, "hall-a")
        assert f'conference="{OVER}"' not in server.client().get("/metrics").text
        events = records_in(organizer, STAYS)
    assert left() == []
    with Server(tmp_path) as server:
        assert records_in(server.client(), STAYS) == events
        assert left() == []


def test_its_id_begins_anew(server: Server) -> None:
    organizer = opened(server, "again")
    in_use(server, organizer, "again")
    good(organizer.post("/v1/conferences/again/close"))
    assert erase(organizer, "again").status_code == 202
    assert erase(organizer, "again").status_code == 403  # as one that never was
    other = server.client("other_organizer")

    def reopened() -> bool:
        answer = other.put("/v1/conferences/again", json=OPENING)
        assert answer.status_code in (200, 422), answer.text  # 422: its last bytes are being erased
        return answer.status_code == 200

    until(reopened)
    ada, _ = in_use(server, other, "again")
    assert records_in(other, "again") < 20
    card = ada.cards()[0]["card"]
    ada.say("/v1/me/answers", card=card, answer="accepted")
    assert organizer.get("/v1/conferences/again").status_code == 403


def test_what_a_kill_interrupts_is_gone_on_with(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        organizer = opened(server, OVER)
        gone, _ = in_use(server, organizer, OVER)
        server.posts.unlink()
        good(organizer.post(f"/v1/conferences/{OVER}/close"))
        server.kill()
    # As after a kill between the note and all the rest.
    with sqlite3.connect(server.data / "directory" / "directory.sqlite") as base:
        base.execute("INSERT INTO erasures VALUES (?, '', '[]', '[]', '[]')", (OVER,))
    base.close()
    with Server(tmp_path) as again:
        words = (OVER.encode(), gone.id.encode(), gone.account.encode())
        until(lambda: not [name for name, value in stored(again.data) if any(word in value for word in words)])
        assert good(again.client("operator").get("/v1/conferences")) == {"conferences": []}
