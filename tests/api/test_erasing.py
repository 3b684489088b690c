"""Erasing: nothing that names the person is left anywhere, and nobody else loses anything."""

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import redis

from tests.api.people import CONFERENCE, Server, attendee, good, now, opened, post, stream, talked, until

CANARY = "qxcanaryzv"


def stored(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield str(path), path.read_bytes()


def in_redis(client: Any) -> Iterator[tuple[str, bytes]]:
    for key in client.scan_iter():
        kind = client.type(key).decode()
        values = {
            "string": lambda key: client.get(key),
            "hash": lambda key: client.hgetall(key),
            "set": lambda key: client.smembers(key),
            "stream": lambda key: client.xrange(key),
            "zset": lambda key: client.zrange(key, 0, -1),
        }[kind](key)
        yield key.decode(), key + repr(values).encode()


def in_base64(word: bytes) -> list[bytes]:
    """What stands in the base64 of any text with the word, wherever it begins; dead letters are kept so."""
    return [b64encode(b"." * start + word)[4 * bool(start) : -4] for start in range(3)]


def test_nothing_that_names_the_erased_is_left(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        organizer = opened(server)
        gone = attendee(server, organizer, CANARY)
        stays = attendee(server, organizer, "stays")
        server.posts.unlink()
        bad = {"type": "checkin.arrived", "id": "bad", "conference": CONFERENCE, "attendee": 7, "who": gone.account}
        assert good(organizer.post("/v1/events", json=bad))["results"][0]["status"] == "rejected"
        talked(server, gone, stays)
        own = [post(gone.account, stays.account, number=f"{CANARY}-{number}") for number in range(3)]
        good(server.client("connector").post("/v1/events", json=own))
        gone.say("/v1/me/accounts", account=f"x:{CANARY}-second")  # a code that nobody will post
        other = attendee(server, organizer, f"{CANARY}-2")  # whom the organizer erases
        gone.say("/v1/me/here", place="hall-a")
        stays.say("/v1/me/here", place="hall-a")
        until(stays.cards)
        socket = server.data.resolve() / "valkey" / "valkey.sock"
        if not socket.exists():  # a long path: it lies in the temporary folder
            from services.inbox.redis.embedded_valkey import _socket_folder

            socket = _socket_folder((server.data / "valkey").resolve()) / "valkey.sock"
        client = redis.Redis(unix_socket_path=str(socket))
        assert any(gone.id.encode() in value for _, value in in_redis(client))
        assert any(CANARY.encode() in value for _, value in stored(server.data))
        (listed,) = good(organizer.get("/v1/dead-letters"))["letters"]
        letter = good(organizer.post(f"/v1/dead-letters/{listed['number']}/show"))
        assert any(word in letter["bytes"].encode() for word in in_base64(CANARY.encode()))
        assert not any(word in value for _, value in stored(server.data) for word in in_base64(CANARY.encode()))
        with stream(server, stays.http, "/v1/me/stream") as live, stream(server, gone.http, "/v1/me/stream") as own:
            assert live.next()["event"] == "suggested"
            own.next()
            refused = gone.http.request("DELETE", "/v1/me", json={"confirm": "yes"})
            assert refused.status_code == 400
            answer = gone.http.request("DELETE", "/v1/me", json={"confirm": "erase me"})
            assert (answer.status_code, gone.http.cookies.get("hallway_session")) == (202, None)
            assert live.next()["event"] == "withdrawn"
            until(lambda: own.next()["event"] == "end")
        assert stays.cards() == []
        erased = {"type": "attendee.erased", "id": "erased", "at": now(), "conference": CONFERENCE}
        answer = organizer.post("/v1/events", json=erased | {"attendee": other.id})
        assert good(answer)["results"][0]["status"] == "accepted"
        assert [who.http.get("/v1/me").status_code for who in (gone, other)] == [401, 401]

        def everywhere() -> list[str]:
            words = (CANARY.encode(), CANARY.title().encode(), *in_base64(CANARY.encode()))
            return [name for name, value in stored(server.data) if any(word in value for word in words)]

        until(lambda: not everywhere(), 30)
        until(lambda: not [name for name, value in in_redis(client) if gone.id.encode() in value], 30)
        client.close()
        assert CANARY not in server.errors.read_text()
        assert CANARY not in server.client().get("/metrics").text
        ids = (gone.id.encode(), other.id.encode())  # in the log they stay, and lead nowhere

        def beside_the_log() -> list[str]:
            found = [name for name, value in stored(server.data) if any(each in value for each in ids)]
            return [name for name in found if "/journal.db" not in name]

        until(lambda: not beside_the_log(), 30)
        why = good(organizer.get(f"/v1/conferences/{CONFERENCE}/why", params={"a": gone.id, "b": stays.id}))
        assert f"{gone.id} is not registered." in [step["text"] for step in why["steps"]]  # as if it never was
        assert good(stays.http.get("/v1/me"))["attendee"] == stays.id
    assert not everywhere()
    assert any(server.data.iterdir())
    with Server(tmp_path):
        assert not everywhere()
