"""A real PDS, written by others, and a Jetstream\'s wire in front of it.

It needs both on loopback: ``HALLWAY_PDS`` is the address of a PDS whose accounts anybody may create, and
``HALLWAY_PLC`` of its directory (``@atproto/dev-env`` has both); ``HALLWAY_JETSTREAM`` is that of a Jetstream which
reads that PDS, in either version. ``make torture`` runs it, and fails where they are missing.
"""

import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.connectors.bluesky import connector
from tests.api.in_process import QUIET, inside, run_to_end
from tests.api.people import CONFERENCE, good
from tests.connectors.connected import until
from tests.connectors.fake_jetstream import Jetstream
from tests.connectors.skies import Sky, stored_in

pytestmark = [QUIET, pytest.mark.torture]
POST = "app.bsky.feed.post"
WORDS = "Grüße from the keynote 🎤"


def address(name: str) -> str:
    found = os.environ.get(name, "")
    assert found, f"Set {name}, as tests/connectors/test_real_bluesky.py says."
    return found.rstrip("/")


class Account:
    """Somebody at the PDS."""

    def __init__(self, http: httpx.AsyncClient, made: dict[str, str]) -> None:
        self._http, self.did, self.handle = http, made["did"], made["handle"]
        self._headers = {"authorization": f"Bearer {made['accessJwt']}"}

    async def call(self, name: str, body: dict[str, Any]) -> Any:
        answer = await self._http.post(name, json=body, headers=self._headers)
        assert answer.status_code == 200, answer.text
        return answer.json() if answer.content else None

    async def post(
        self, *tags: str, to: dict[str, str] | None = None, mention: str = "", **fields: Any
    ) -> dict[str, str]:
        """Writes a post as clients do: byte offsets count UTF-8."""
        text, facets = WORDS, []
        features = [(f"#{tag}", {"$type": "app.bsky.richtext.facet#tag", "tag": tag}) for tag in tags]
        features += [("@someone", {"$type": "app.bsky.richtext.facet#mention", "did": mention})] if mention else []
        for word, feature in features:
            start = len(text.encode()) + 1
            text += f" {word}"
            index = {"byteStart": start, "byteEnd": start + len(word.encode())}
            facets.append({"index": index, "features": [feature]})
        record = {"$type": POST, "text": text, "facets": facets, "createdAt": datetime.now(UTC).isoformat()} | fields
        record |= {"reply": {"root": to, "parent": to}} if to else {}
        body = {"repo": self.did, "collection": POST, "record": record}
        found: dict[str, str] = await self.call("com.atproto.repo.createRecord", body)
        return {"uri": found["uri"], "cid": found["cid"]}

    async def edit(self, post: dict[str, str], *tags: str) -> None:
        record = {"$type": POST, "text": WORDS, "createdAt": datetime.now(UTC).isoformat(), "tags": list(tags)}
        rkey = post["uri"].rpartition("/")[2]
        await self.call(
            "com.atproto.repo.putRecord", {"repo": self.did, "collection": POST, "rkey": rkey, "record": record}
        )

    async def delete(self, post: dict[str, str]) -> None:
        rkey = post["uri"].rpartition("/")[2]
        await self.call("com.atproto.repo.deleteRecord", {"repo": self.did, "collection": POST, "rkey": rkey})


async def account(http: httpx.AsyncClient, name: str) -> Account:
    handle = f"{name}-{secrets.token_hex(3)}.test"
    body = {"email": f"{handle}@example.org", "handle": handle, "password": secrets.token_hex(12)}
    return Account(http, good(await http.post("com.atproto.server.createAccount", json=body)))


@pytest.mark.parametrize("fault", ["", "?fault=cut:3", "?fault=close:3", "?fault=double"])
@pytest.mark.parametrize("reads", ["people", "hashtags"])
@run_to_end
async def test_posts_edits_deletions_and_the_past(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reads: str, fault: str
) -> None:
    """From the first post to the past brought and removed, with a handle changed in between and connections cut."""
    pds, plc, stream = address("HALLWAY_PDS"), address("HALLWAY_PLC"), address("HALLWAY_JETSTREAM")
    monkeypatch.setattr(connector, "LOOK_S", 0.2)
    if fault:
        ask = connector.requests
        more = "&" + fault.removeprefix("?")
        monkeypatch.setattr(
            connector,
            "requests",
            lambda *given: [type(each)(each.version, each.path + more, each.hello) for each in ask(*given)],
        )
    hosts = tuple(each.partition("://")[2] for each in (pds, plc, stream))
    hosts += (f"localhost:{httpx.URL(pds).port}",)  # as its DID documents name it
    async with (
        httpx.AsyncClient(base_url=f"{pds}/xrpc/", timeout=20) as http,
        inside(tmp_path, private_hosts=hosts, plc=plc) as found,
    ):
        ada, bob, eve = await account(http, "ada"), await account(http, "bob"), await account(http, "eve")
        sky = Sky(found, Jetstream())
        monkeypatch.setattr(Jetstream, "address", stream)
        page = await sky.person("ada", ada.did)
        await sky.person("bob", bob.did)
        before = await ada.post("HITsm", "cats", to=await bob.post(), tags=["Wien"])
        await sky.put(read=reads)
        await until(lambda: sky.health.state == "live")
        first = await ada.post("HITsm", mention=bob.did)
        reply = await bob.post(to=first)
        await bob.post("gardening")
        other = await eve.post("hitsm")
        edited = await ada.post()
        await ada.edit(edited, "hitsm")
        await bob.call("com.atproto.identity.updateHandle", {"handle": f"renamed-{secrets.token_hex(3)}.test"})
        last = await bob.post("HITSM")

        def brought() -> list[str]:
            """The posts of these three: others used the same hashtag a moment ago."""
            return sorted(name for name in sky.post_ids() if any(each.did in name for each in (ada, bob, eve)))

        own = [before, first, reply, edited, last] + ([other] if reads == "hashtags" else [])
        await until(lambda: len(brought()) >= len(own))
        assert brought() == sorted(f"bsky:{each['uri']}" for each in own)
        await bob.delete(reply)
        await until(lambda: sky.log("activity.deleted"))
        (gone,) = sky.log("activity.deleted")
        assert sky.parts.directory.originals([gone["deleted"]]) == {gone["deleted"]: f"bsky:{reply['uri']}"}
        sky.parts.directory.connectors.set_paused(CONFERENCE, "sky", paused=True)
        await sky.parts.connectors.reload(CONFERENCE, "sky")
        missed = await ada.post("hitsm")
        sky.parts.directory.connectors.set_paused(CONFERENCE, "sky", paused=False)
        await sky.parts.connectors.reload(CONFERENCE, "sky")
        await until(lambda: f"bsky:{missed['uri']}" in sky.post_ids())
        shown = good(await page.post("/v1/me/past/bluesky"))
        assert (shown["hashtags"]["posts"], shown["hashtags"]["replies"], shown["hashtags"]["people"]) == (4, 1, 1)
        taken = good(await page.post("/v1/me/past/take", json={}))
        assert taken == {"accepted": 0, "known": 4, "rejected": 0}  # the same ids as in the stream
        assert len(brought()) == len(own) + 1
        assert WORDS.encode() not in stored_in(tmp_path)
