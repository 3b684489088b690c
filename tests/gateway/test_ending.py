"""Ends and starts: SIGTERM, a second process, kill -9 under load, a folder that was used."""

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from schemas.codec import Codec, Record
from services.inbox.memory_inbox import MemoryInboxes
from services.journal import SqliteJournal
from streams.matching import Matcher
from tests.gateway.people import CONFERENCE, Attendee, Server, attendee, good, opened, post, stream, until


def test_sigterm_ends_streams_and_server_within_five_seconds(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        organizer = opened(server)
        ada = attendee(server, organizer, "ada")
        with stream(server, ada.http, "/v1/me/stream") as live:
            took_s = server.stop()
            assert live.next()["event"] == "end"
        assert server.process is not None
        assert (server.process.returncode, took_s < 5.0) == (0, True)


def test_a_second_process_on_the_folder_and_a_used_port_are_refused_in_plain_words(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        (tmp_path / "second").mkdir()
        for given, said in (({"data": str(server.data)}, "is in use by process"), ({"port": server.port}, "in use")):
            second = Server(tmp_path / "second", **given)
            with pytest.raises(AssertionError, match=said), second:
                pass
            assert second.process is not None
            second.stop()
            assert second.process.returncode == 2
        assert good(server.client().get("/healthz/ready")) == {"status": "ready"}


def test_a_restart_goes_on_where_it_was(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        organizer = opened(server)
        ada, bob = _known(server, organizer)
        ada.say("/v1/me/here")
        bob.say("/v1/me/here")
        card = until(ada.cards)[0]
        cookie = dict(ada.http.cookies)
    with Server(tmp_path) as server:
        again = server.client()
        again.cookies.update(cookie)
        assert until(lambda: good(again.get("/v1/me/inbox"))["cards"]) == [card]
        assert good(again.get("/v1/me"))["present"]


def _known(server: Server, organizer: httpx.Client) -> tuple[Attendee, Attendee]:
    ada, bob = (attendee(server, organizer, name) for name in ("ada", "bob"))
    posts = [post("x:ada", "x:bob"), post("x:bob", "x:ada"), post("x:ada", "x:bob")]
    good(server.client("connector").post("/v1/events", json=posts))
    return ada, bob


PEOPLE = 6


class Load:
    """Sends posts and check-ins from a thread; remembers what was accepted."""

    def __init__(self, server: Server, round_: int, people: list[str]) -> None:
        self.accepted: list[tuple[str, int]] = []
        self._key, self._address, self._round, self._people = server.keys, server.address, round_, people
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def wait_for(self, count: int) -> None:
        until(lambda: len(self.accepted) >= count)

    def _run(self) -> None:
        headers = {"authorization": f"Bearer {self._key['organizer']}"}
        with httpx.Client(base_url=self._address, headers=headers, timeout=20) as http:
            for number in range(10_000):
                try:
                    events = self._events(number)
                    answer = http.post("/v1/events", json=events)
                except (httpx.HTTPError, OSError):
                    return
                for event, result in zip(events, answer.json().get("results", []), strict=False):
                    assert result["status"] in ("accepted", "duplicate"), result
                    if result.get("conference"):
                        self.accepted.append((event["type"], result["offset"]))

    def _events(self, number: int) -> list[dict[str, Any]]:
        one, other = number % PEOPLE, (number + 1 + number // PEOPLE) % PEOPLE
        posts = [post(f"x:p{one}", f"x:p{other}"), post(f"x:p{other}", f"x:p{one}")]
        common = {"at": posts[0]["at"], "conference": CONFERENCE, "attendee": self._people[one]}
        kind = "checkin.left" if number % 40 == 39 else "checkin.arrived"
        return [*posts, common | {"type": kind, "id": f"c-{self._round}-{number}"}]


def kills(tmp_path: Path, times: int) -> None:
    accepted: list[tuple[str, int]] = []
    people: list[Attendee] = []
    cookies: list[dict[str, str]] = []
    for round_ in range(times):
        with Server(tmp_path) as server:
            if not people:
                organizer = opened(server)
                people = [attendee(server, organizer, f"p{number}") for number in range(PEOPLE)]
                cookies = [dict(who.http.cookies) for who in people]
            load = Load(server, round_, [who.id for who in people])
            before = len(accepted)
            load.wait_for(60)
            server.kill()
            load.thread.join(20)
            accepted += load.accepted
            assert len(accepted) > before
    with Server(tmp_path) as server:
        overview = server.client("organizer")
        until(lambda: good(overview.get(f"/v1/conferences/{CONFERENCE}/overview"))["lag"] == 0)
        shown = [_inbox(server, cookie) for cookie in cookies]
    assert len(set(accepted)) == len(accepted)
    assert shown == asyncio.run(_clean_replay(server.data, accepted, [who.id for who in people]))
    assert any(shown)


def _inbox(server: Server, cookie: dict[str, str]) -> list[Any]:
    http = server.client()
    http.cookies.update(cookie)

    def settled() -> list[Any] | None:
        answers = [http.get("/v1/me/inbox") for _ in range(2)]
        found = [answer.json().get("cards") for answer in answers]
        return found[0:1] if found[0] is not None and found[0] == found[1] else None

    (cards,) = until(settled)
    return [{name: card[name] for name in ("card", "position", "at", "near")} for card in cards]


async def _clean_replay(data: Path, accepted: list[tuple[str, int]], people: list[str]) -> list[list[Any]]:
    journal, codec, matcher = SqliteJournal(data), Codec(), Matcher(CONFERENCE)
    try:
        rows = list(journal.read(CONFERENCE))
        kept = [json.loads(row.line) for row in rows]
        assert [kept[offset]["type"] for _, offset in accepted] == [kind for kind, _ in accepted]
        assert len({event["id"] for event in kept}) == len(kept)
        outputs = []
        for row in rows:
            record = codec.decode(row.line)
            assert isinstance(record, Record)
            outputs += matcher.apply(record.event, record.at, row.recorded_at)
    finally:
        journal.close()
    inboxes = MemoryInboxes()
    await inboxes.rebuild(CONFERENCE, outputs)
    found = [(await inboxes.current(CONFERENCE, who)).cards for who in people]
    return [[{"card": c.card, "position": c.position, "at": c.at, "near": c.near} for c in cards] for cards in found]


def test_three_kills_under_load_lose_nothing(tmp_path: Path) -> None:
    kills(tmp_path, 3)


@pytest.mark.torture
def test_twenty_kills_under_load_lose_nothing(tmp_path: Path) -> None:
    kills(tmp_path, 20)
