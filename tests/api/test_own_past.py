"""An attendee brings their earlier posts: counted first, taken by a tap, their own alone, and removed as a whole."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.api.attendee import own_past
from tests.api.in_process import QUIET, Inside, inside, run_to_end
from tests.api.people import ALL, CONFERENCE, good
from tests.connectors.car_files import POSTS, Repository
from tests.connectors.connected import Connected
from tests.connectors.fake_jetstream import SECRET, record
from tests.connectors.skies import stored_in

pytestmark = QUIET
ADA, BOB, CEM = (f"did:plc:{letter * 24}" for letter in "abc")


@dataclass
class Homes:
    """The directory of DIDs, and everybody's server. ``bodies`` by path."""

    bodies: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    port: int = 0

    def has(self, did: str, car: bytes, *, endpoint: str = "", status: int = 200) -> None:
        service = {"id": "#atproto_pds", "type": "AtprotoPersonalDataServer"}
        at = endpoint or f"http://127.0.0.1:{self.port}"
        document = {"id": did, "service": [service | {"serviceEndpoint": at}]}
        self.bodies[f"/{did}"] = 200, json.dumps(document).encode()
        self.bodies[f"/xrpc/com.atproto.sync.getRepo?did={did.replace(':', '%3A')}"] = status, car


@contextmanager
def homes() -> Iterator[Homes]:
    found = Homes()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            status, body = found.bodies.get(self.path, (404, b"{}"))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def given(found: Homes) -> dict[str, Any]:
    return {"private_hosts": (f"127.0.0.1:{found.port}",), "plc": f"http://127.0.0.1:{found.port}"}


def days_ago(days: float) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat()


def repository(did: str = ADA) -> bytes:
    records: dict[str, Any] = {
        f"{POSTS}/1": record("HITsm", to=BOB, createdAt=days_ago(9)),
        f"{POSTS}/2": record("HITsm", mention=CEM, createdAt=days_ago(8)),
        f"{POSTS}/3": record("HITsm", createdAt=days_ago(7)),
        f"{POSTS}/4": record("cats", to=BOB, createdAt=days_ago(6)),
        f"{POSTS}/5": record("cats", createdAt=days_ago(5)),
        f"{POSTS}/6": record("HITsm", to=BOB, createdAt=days_ago(500)),
        f"{POSTS}/7": record(to=ADA, createdAt=days_ago(4)),
    }
    return Repository(did, records).file()


async def person(found: Inside, name: str, *dids: str) -> httpx.AsyncClient:
    client, accounts = found.client(), [f"bsky:{did}" for did in dids]
    made = await found.registered(name, accounts=accounts, consent=ALL)
    good(await client.post("/v1/session", json={"link": made["link"].partition("#")[2]}))
    for account in accounts:
        code = good(await client.post("/v1/me/accounts", json={"account": account}))["text"]
        found.reader.shown[account] = [code]
        assert good(await client.post("/v1/me/accounts/check", json={"account": account})) == {"state": "verified"}
    return client


def posts(found: Inside) -> list[dict[str, Any]]:
    return Connected(found).log("activity.posted")


@run_to_end
async def test_from_their_own_server_counted_taken_and_removed(tmp_path: Path) -> None:
    with homes() as there:
        async with inside(tmp_path, **given(there)) as found:
            there.has(ADA, repository())
            ada = await person(found, "ada", ADA)
            shown = good(await ada.post("/v1/me/past/bluesky"))
            assert shown["hashtags"] == {"posts": 3, "replies": 1, "people": 2}
            assert shown["conversations"] == {"posts": 4, "replies": 2, "people": 2}
            assert shown["by_hashtag"] == [{"hashtag": "hitsm", "posts": 3}]
            assert (shown["account"], shown["is_cut"]) == (f"bsky:{ADA}", False)
            assert posts(found) == []  # counted, not taken
            assert good(await ada.post("/v1/me/past/take", json={})) == {"accepted": 3, "known": 0, "rejected": 0}
            rows = posts(found)
            source = f"attendee:{good(await ada.get('/v1/me'))['attendee']}"
            assert {(row["source"], row["conference"]) for row in rows} == {(source, CONFERENCE)}
            assert (await ada.post("/v1/me/past/take", json={})).status_code == 409
            good(await ada.post("/v1/me/past/bluesky"))
            again = good(await ada.post("/v1/me/past/take", json={"scope": "conversations"}))
            assert again == {"accepted": 1, "known": 3, "rejected": 0}
            assert good(await ada.delete("/v1/me/past")) == {"removed": 4}
            assert good(await ada.delete("/v1/me/past")) == {"removed": 0}
            gone = {row["deleted"] for row in Connected(found).log("activity.deleted")}
            assert gone == {row["id"] for row in posts(found)}
            assert SECRET.encode() not in stored_in(tmp_path)
            assert not [path for path in there.asked if "getRepo" not in path and "did:plc" not in path]


@run_to_end
async def test_removing_leaves_what_others_brought(tmp_path: Path) -> None:
    with homes() as there:
        async with inside(tmp_path, **given(there)) as found:
            there.has(ADA, repository())
            ada, bob = await person(found, "ada", ADA), await person(found, "bob", BOB)
            there.has(BOB, repository(BOB))
            for each in (ada, bob):
                good(await each.post("/v1/me/past/bluesky"))
                good(await each.post("/v1/me/past/take", json={}))
            assert good(await ada.delete("/v1/me/past")) == {"removed": 3}
            own = {
                row["id"] for row in posts(found) if row["source"].endswith(good(await bob.get("/v1/me"))["attendee"])
            }
            assert not own & {row["deleted"] for row in Connected(found).log("activity.deleted")}
            assert len(own) == 3


@run_to_end
async def test_a_file_of_somebody_else_or_of_an_unproved_account_is_refused(tmp_path: Path) -> None:
    with homes() as there:
        async with inside(tmp_path, **given(there)) as found:
            ada, nobody = await person(found, "ada", ADA), await person(found, "nobody")
            for client, data in ((ada, repository(BOB)), (nobody, repository())):
                answer = await client.post("/v1/me/past/car", content=data)
                assert (answer.status_code, (await client.post("/v1/me/past/take", json={})).status_code) == (409, 409)
            assert (await nobody.post("/v1/me/past/bluesky")).status_code == 409
            assert not there.asked
            assert (await ada.post("/v1/me/past/car", content=b"no file")).status_code == 422
            assert (await ada.post("/v1/me/past/car", content=b"x" * 5_000_000)).status_code == 413
            assert good(await ada.post("/v1/me/past/car", content=repository()))["hashtags"]["posts"] == 3
            good(await ada.request("DELETE", "/v1/me/accounts", json={"account": f"bsky:{ADA}"}))
            assert good(await ada.post("/v1/me/past/take", json={})) == {"accepted": 0, "known": 0, "rejected": 3}
            assert posts(found) == []


@pytest.mark.parametrize("endpoint", ["http://10.0.0.1", "https://localhost", "https://127.0.0.1", "ftp://x", "", "x"])
@run_to_end
async def test_a_did_cannot_lead_into_a_private_network(tmp_path: Path, endpoint: str) -> None:
    with homes() as there:
        async with inside(tmp_path, **given(there)) as found:
            there.has(ADA, repository(), endpoint=endpoint or "https://user@host.example")
            ada = await person(found, "ada", ADA)
            answer = await ada.post("/v1/me/past/bluesky")
            assert answer.status_code == 409
            assert len(there.asked) == 1


@run_to_end
async def test_what_their_server_may_do(tmp_path: Path) -> None:
    with homes() as there:
        async with inside(tmp_path, **given(there)) as found:
            ada = await person(found, "ada", ADA)
            assert (await ada.post("/v1/me/past/bluesky")).status_code == 409  # the directory does not know it
            there.has(ADA, b'{"error":"RepoDeactivated"}', status=400)
            assert (await ada.post("/v1/me/past/bluesky")).status_code == 409
            there.has(ADA, repository()[:900])
            assert (await ada.post("/v1/me/past/bluesky")).status_code == 422
            there.has(BOB, repository())
            there.bodies[f"/{ADA}"] = there.bodies[f"/{BOB}"]  # somebody else's document
            assert (await ada.post("/v1/me/past/bluesky")).status_code == 409


@run_to_end
async def test_what_nobody_takes_is_forgotten_and_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_past, "MOST_WAITING_POSTS", 8)
    now = [0]

    def clock() -> int:
        return int(datetime.now(UTC).timestamp() * 1_000) + now[0]

    with homes() as there:
        async with inside(tmp_path, clock=clock, **given(there)) as found:
            ada, bob = await person(found, "ada", ADA), await person(found, "bob", BOB)
            assert good(await ada.post("/v1/me/past/car", content=repository()))["hashtags"]["posts"] == 3
            assert (await bob.post("/v1/me/past/car", content=repository(BOB))).status_code == 503
            now[0] = own_past.DECIDE_MS
            assert good(await bob.post("/v1/me/past/car", content=repository(BOB)))["hashtags"]["posts"] == 3
            assert (await ada.post("/v1/me/past/take", json={})).status_code == 409
