"""Servers that others wrote: snac2, which has no streams, and mastodon_mock, which has.

It needs both on loopback: ``HALLWAY_SNAC`` and ``HALLWAY_MASTODON_MOCK`` are their addresses, with a user ``ada`` each;
``HALLWAY_SNAC_PASSWORD`` is hers at snac2, ``tok-ada`` her token at the other. ``make torture`` runs it, and fails
where they are missing.
"""

import os
import secrets
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.api.in_process import QUIET, inside, run_to_end
from tests.api.people import CONFERENCE, OPENING, good
from tests.connectors.connected import until
from tests.connectors.fake_mastodon import Mastodon
from tests.connectors.fediverse import Fediverse, hasten
from tests.connectors.skies import stored_in

pytestmark = [QUIET, pytest.mark.torture]
WORDS = "Grüße from the keynote 🎤"
BACK = "http://127.0.0.1:9/back"


def given(name: str) -> str:
    found = os.environ.get(name, "")
    assert found, f"Set {name}, as tests/connectors/test_real_mastodon.py says."
    return found.rstrip("/")


class Person:
    """Somebody at a server. A connection each: snac2 closes them after an answer."""

    def __init__(self, address: str, token: str) -> None:
        self.token = token
        self._http = httpx.AsyncClient(
            base_url=address,
            headers={"authorization": f"Bearer {token}"},
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    async def post(self, text: str, **fields: str) -> dict[str, str]:
        data = {"status": f"{WORDS} {text}", "visibility": "public", **fields}
        found: dict[str, str] = good(await self._http.post("/api/v1/statuses", data=data))
        return found

    async def edit(self, post: dict[str, str], text: str) -> None:
        good(await self._http.put(f"/api/v1/statuses/{post['id']}", data={"status": f"{WORDS} {text}"}))

    async def boost(self, post: dict[str, str]) -> None:
        good(await self._http.post(f"/api/v1/statuses/{post['id']}/reblog"))

    async def delete(self, post: dict[str, str]) -> None:
        good(await self._http.delete(f"/api/v1/statuses/{post['id']}"))


async def token_at_snac(address: str, password: str) -> str:
    """As a person gets one in their browser."""
    async with httpx.AsyncClient(base_url=address, limits=httpx.Limits(max_keepalive_connections=0)) as http:
        asked = {"client_name": "hallway", "redirect_uris": BACK, "scopes": "read write"}
        app = good(await http.post("/api/v1/apps", data=asked))
        form = {"login": "ada", "passwd": password, "redir": BACK, "cid": app["client_id"], "state": ""}
        answer = await http.post("/oauth/x-snac-login", data=form)
        code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
        named = {name: app[name] for name in ("client_id", "client_secret")}
        found = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, **named}
        return str(good(await http.post("/oauth/token", data=found))["access_token"])


@run_to_end
async def test_posts_edits_boosts_deletions_and_a_pause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two servers at once, one without streams: everything comes once, and a pause leaves no gap."""
    hasten(monkeypatch)
    snac, mock = given("HALLWAY_SNAC"), given("HALLWAY_MASTODON_MOCK")
    far = Person(snac, await token_at_snac(snac, given("HALLWAY_SNAC_PASSWORD")))
    near = Person(mock, "tok-ada")
    tag = f"hallway{secrets.token_hex(4)}"  # earlier runs used others
    servers = []
    for address in (snac, mock):
        server = Mastodon(has_streams=False)
        server.port = int(address.rpartition(":")[2])
        servers.append(server)
    hosts = tuple(each.partition("://")[2] for each in (snac, mock))
    async with inside(tmp_path, private_hosts=hosts) as found:
        fedi = Fediverse(found, tuple(servers))
        good(await found.organizer.put(f"/v1/conferences/{CONFERENCE}", json=OPENING | {"hashtags": [tag]}))
        config = {"kind": "mastodon", "servers": [snac, mock]}
        body = {"config": config, "secrets": {"token_a": far.token, "token_b": near.token}}
        path = f"/v1/conferences/{CONFERENCE}/connectors/fedi"
        tried = good(await found.organizer.post(f"{path}/test", json=body))
        assert all(check["is_good"] for check in tried["checks"]), tried
        print([check["text"] for check in tried["checks"]])  # noqa: T201 - the words are what is tried
        good(await found.organizer.put(path, json=body))
        await fedi.live()
        wanted = [await far.post(f"#{tag}"), await near.post(f"#{tag.upper()}")]
        wanted.append(await far.post(f"#{tag}", in_reply_to_id=wanted[0]["id"]))
        wanted.append(await near.post(f"@bo #{tag}", in_reply_to_id=wanted[1]["id"]))
        edited = await near.post(f"#{tag}")
        wanted.append(edited)
        await far.boost(wanted[0])
        await near.edit(edited, f"#{tag}")
        await far.edit(wanted[2], f"again #{tag}")
        await until(lambda: len(fedi.posts()) == 5)
        gone = await near.post(f"#{tag}")
        await until(lambda: gone["uri"] in fedi.uris())
        await near.delete(gone)
        await until(lambda: fedi.log("activity.deleted"))
        await until(lambda: {each["uri"] for each in wanted} <= set(fedi.uris()))
        await fedi.pause(paused=True)
        wanted += [await each.post(f"#{tag}") for each in (far, near) for _ in range(45)]
        await far.boost(wanted[-60])  # snac2 then shows the boost in its place
        await fedi.pause(paused=False)
        await until(lambda: {each["uri"] for each in wanted} <= set(fedi.uris()))
        await until(lambda: fedi.health.state == "live")
        assert sorted(fedi.uris()) == sorted([*(each["uri"] for each in wanted), gone["uri"]])
        rows = dict(zip(fedi.uris(), fedi.posts(), strict=True))
        replies = [fedi.account(rows[each["uri"]]["reply_to"]).partition("@")[0] for each in wanted[2:4]]
        assert replies == ["mastodon:ada", "mastodon:ada"]
        assert WORDS.encode() not in stored_in(tmp_path)
