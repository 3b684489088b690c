"""Posts of a Jetstream: whose, which, and what stays of them."""

import asyncio
from pathlib import Path

import pytest

from services.connectors.bluesky import connector
from tests.api.in_process import QUIET, run_to_end
from tests.api.people import CONFERENCE, OPENING, good
from tests.connectors.connected import until
from tests.connectors.fake_jetstream import ADA, BOB, EVE, SECRET, Fault, Jetstream, record, serving
from tests.connectors.skies import sky_over, stored_in

pytestmark = QUIET


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connector, "LOOK_S", 0.1)
    monkeypatch.setattr(connector, "SAVE_S", 0.0)
    monkeypatch.setattr("services.connectors.bluesky.reader.PART_S", 0.02)


@pytest.mark.parametrize("versions", [(1, 2), (1,)])
@run_to_end
async def test_people_alone_are_followed_and_their_other_posts_stay_out(
    tmp_path: Path, versions: tuple[int, ...]
) -> None:
    async with serving(Jetstream(versions=versions)) as host, sky_over(host, tmp_path) as sky:
        await sky.person("ada", ADA)
        await sky.person("bob", BOB)
        await sky.person("eve", EVE, proves=False)
        await sky.put()
        await sky.live()
        wanted = [
            (ADA, host.add(ADA, record("HITsm"))),
            (ADA, host.add(ADA, record(listed=("HITSM",)))),
            (BOB, host.add(BOB, record(to=ADA))),
            (ADA, host.add(ADA, record(mention=BOB))),
        ]
        host.add(ADA, record("gardening"))
        host.add(ADA, record(to=EVE))  # a claim alone is no proof
        host.add(ADA, record(to=ADA))
        host.add(EVE, record("hitsm"))  # not followed: the host is not asked for it
        host.add(BOB, record("hitsm", text="#hitsm"), kind="identity")
        wanted.append((BOB, host.add(BOB, record("hitsm"))))
        await sky.caught_up()
        assert sky.post_ids() == [f"bsky:at://{did}/app.bsky.feed.post/{rkey}" for did, rkey in wanted]
        assert [(row["hashtags"], len(row["mentions"]), "reply_to" in row) for row in sky.posts()] == [
            (["hitsm"], 0, False),
            (["hitsm"], 0, False),
            ([], 0, True),
            ([], 1, False),
            (["hitsm"], 0, False),
        ]
        asked = host.asked[-1]
        assert sorted(asked.get("dids", []) + asked.get("wantedDids", [])) == [ADA, BOB]
        assert sky.count("posts") == 5
        await until(lambda: sky.health.state == "live")
        assert SECRET.encode() not in stored_in(tmp_path)


@run_to_end
async def test_by_hashtag_everybody_counts_and_deletions_follow(tmp_path: Path) -> None:
    async with serving(Jetstream()) as host, sky_over(host, tmp_path) as sky:
        await sky.put(read="hashtags")
        await sky.live()
        first = host.add(EVE, record("hitsm"))
        for number in range(300):
            host.add(f"did:plc:x{number}", record("cats"))
            host.add(f"did:plc:x{number}", None, "delete", rkey=f"3old{number}")
        host.add(EVE, None, "delete", rkey=first)
        host.add(BOB, None, "delete", rkey=first)  # another's key is another post
        await sky.caught_up()
        assert (sky.count("posts"), sky.count("deletions")) == (1, 1)
        (gone,) = sky.log("activity.deleted")
        assert gone["deleted"] == sky.posts()[0]["id"]
        assert sky.parts.directory.accounts.count_unknown({"bsky:did:plc:x1"}) == 1
        assert host.asked[-1].get("dids") is None
        assert sky.health.lag_ms is not None
        assert sky.health.lag_ms < 5_000


@run_to_end
async def test_an_edit_counts_once_and_can_bring_a_post(tmp_path: Path) -> None:
    async with serving(Jetstream()) as host, sky_over(host, tmp_path) as sky:
        await sky.put(read="hashtags")
        await sky.live()
        one, other = host.add(ADA, record("hitsm")), host.add(BOB, record("cats"))
        host.add(ADA, record("hitsm", mention=BOB), "update", rkey=one)
        host.add(BOB, record("hitsm"), "update", rkey=other)
        await sky.caught_up()
        assert [row["mentions"] for row in sky.posts()] == [[], []]
        assert (sky.count("posts"), sky.count("duplicates")) == (2, 1)


@run_to_end
async def test_who_proves_an_account_is_followed_from_before_they_are_known(tmp_path: Path) -> None:
    async with serving(Jetstream()) as host, sky_over(host, tmp_path) as sky:
        await sky.put()
        await until(lambda: sky.health.state == "live")
        assert not host.asked  # nobody to follow
        host.add(ADA, record("hitsm"))
        host.add(BOB, record("hitsm"))
        ada = await sky.person("ada", ADA)
        await until(lambda: sky.count("posts") == 1)
        await sky.person("bob", BOB)
        await until(lambda: sky.count("posts") == 2)
        good(await ada.patch("/v1/me/consent", json={"matching": False}))
        await until(lambda: host.asked[-1]["dids"] == [BOB])


@run_to_end
async def test_many_people_are_named_after_connecting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.connectors.bluesky.wire.MOST_URL_DIDS", 1)
    async with serving(Jetstream()) as host, sky_over(host, tmp_path) as sky:
        await sky.person("ada", ADA)
        await sky.person("bob", BOB)
        await sky.put()
        await sky.live()
        host.add(EVE, record("hitsm"))
        host.add(BOB, record("hitsm"))
        await sky.caught_up()
        assert host.hellos[-1]["payload"]["wantedDids"] == [ADA, BOB]
        assert sky.count("posts") == 1
        host.versions = (2,)  # it cannot be told whom to follow: everything is read, and others dropped here
        host.faults.append(Fault("cut", 0))
        await sky.parts.connectors.reload_all()
        await sky.put(read="people")
        await until(lambda: host.asked[-1].get("dids") is None and host.open)
        host.add(EVE, record("hitsm"))
        host.add(ADA, record("hitsm"))
        await sky.caught_up()
        assert sky.count("posts") == 2


@run_to_end
async def test_hashtags_that_the_organizer_adds_count_from_then_on(tmp_path: Path) -> None:
    async with serving(Jetstream()) as host, sky_over(host, tmp_path) as sky:
        await sky.put(read="hashtags")
        await sky.live()
        body = OPENING | {"hashtags": ["hitsm", "Grüße"]}
        good(await sky.inside.organizer.put(f"/v1/conferences/{CONFERENCE}", json=body))
        for _ in range(200):
            host.add(ADA, record("GRÜSSE"))
            await host.tell()
            if sky.count("posts"):
                break
            await until(lambda: sky.cursor_us >= host.events[-1]["us"])
        await until(lambda: sky.count("posts"))


@run_to_end
async def test_the_history_of_the_stream_is_brought_once(tmp_path: Path) -> None:
    async with serving(Jetstream()) as host, sky_over(host, tmp_path) as sky:
        now = host.now_us()
        old = [host.add(ADA, record("hitsm"), at_us=now - hours * 3_600_000_000) for hours in (40, 30, 2)]
        await sky.put(read="hashtags")
        await sky.live()
        assert await sky.parts.connectors.bring_history(CONFERENCE, "sky", 0)
        await until(lambda: sky.health.history is not None and sky.health.history.state == "done")
        assert sky.post_ids() == [f"bsky:at://{ADA}/app.bsky.feed.post/{rkey}" for rkey in old[1:]]
        assert await sky.parts.connectors.bring_history(CONFERENCE, "sky", 0)
        await until(lambda: sky.count("duplicates") == 2)


@run_to_end
async def test_an_organizer_cannot_name_a_host_of_their_own(tmp_path: Path) -> None:
    async with serving(Jetstream()) as host, sky_over(host, tmp_path) as sky:
        await sky.put(read="hashtags", address="https://jetstream.evil.example")
        await until(lambda: sky.health.state == "failing")
        assert "operator lists" in sky.health.text
        assert not host.asked


@run_to_end
async def test_a_connection_can_be_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(Jetstream()) as host, sky_over(host, tmp_path) as sky:
        await sky.put()
        tried = await sky.parts.connectors._runs[CONFERENCE, "sky"]._open()
        monkeypatch.setattr(connector, "TRY_S", 0.2)
        assert [check.text for check in (await tried.test()).checks] == [connector._NOTHING]
        host.faults.append(Fault("500"))
        assert [check.is_good for check in (await tried.test()).checks] == [False]
        monkeypatch.setattr(connector, "TRY_S", 20.0)
        trying = asyncio.create_task(tried.test())
        await sky.live()
        host.add(ADA, record())
        await host.tell()
        assert (await trying).is_good


@run_to_end
async def test_an_organizer_sets_it_up_over_the_api(tmp_path: Path) -> None:
    async with serving(Jetstream()) as host, sky_over(host, tmp_path) as sky:
        organizer, path = sky.inside.organizer, f"/v1/conferences/{CONFERENCE}/connectors/sky"
        body = {"config": {"kind": "bluesky", "read": "hashtags", "address": host.address}, "secrets": {}}
        refused = body | {"config": body["config"] | {"address": "https://jetstream.evil.example"}}
        assert good(await organizer.post(f"{path}/test", json=refused))["checks"][0]["is_good"] is False
        good(await organizer.put(path, json=body))
        await sky.live()
        host.add(ADA, record("hitsm"))
        await sky.caught_up()
        (shown,) = good(await organizer.get(f"/v1/conferences/{CONFERENCE}/connectors"))["connectors"]
        assert (shown["config"]["kind"], shown["health"]["counts"]) == ("bluesky", {"posts": 1})
        good(await organizer.post(f"{path}/pause"))
        await until(lambda: not host.open)
        good(await organizer.delete(path))
