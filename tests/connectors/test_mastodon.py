"""Posts of Mastodon servers: which, of whom, and what stays of them."""

from pathlib import Path

import pytest

from schemas.times import millis
from tests.api.in_process import QUIET, run_to_end
from tests.api.people import CONFERENCE, OPENING, good
from tests.connectors.connected import until
from tests.connectors.fake_mastodon import SECRET, TOKEN, Fault, Mastodon, Post, now_ms, serving
from tests.connectors.fediverse import FEDI, fediverse_of, hasten
from tests.connectors.skies import stored_in

pytestmark = QUIET


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    hasten(monkeypatch)


@pytest.mark.parametrize("streams", [True, False])
@run_to_end
async def test_posts_with_the_hashtag_come_and_no_text_stays(tmp_path: Path, streams: bool) -> None:
    server = Mastodon(has_streams=streams)
    async with serving(server), fediverse_of(tmp_path, server) as fedi:
        own = f"127.0.0.1:{server.port}"
        await fedi.put()
        await fedi.live()
        first = Post(1, mentions=("Bob@other.example", "cy"))
        other = Post(2, acct=f"dan@{own}", answers=first)
        named = Post(3, mentions=("ada@home.example",), answers=first)
        for post in (first, other, named):
            await server.add(post)
        for wrong in (
            Post(4, is_boost=True, at=now_ms() - 86_400_000),
            Post(5, visibility="unlisted"),
            Post(6, visibility="private"),
            Post(7, acct="a/b@home.example"),
            Post(8, uri="javascript:alert(1)"),
            Post(9, tags=("cats",)),
        ):
            await server.add(wrong)
        last = Post(10, acct="eve@home.example")
        await server.add(last)
        await fedi.has(first, other, named, last)
        found = dict(zip(fedi.uris(), fedi.posts(), strict=True))
        assert set(found) == {first.uri, other.uri, named.uri, last.uri}
        assert fedi.account(found[first.uri]["actor"]) == "mastodon:ada@home.example"
        assert [fedi.account(each) for each in found[first.uri]["mentions"]] == [
            "mastodon:bob@other.example",
            f"mastodon:cy@{own}",
        ]
        assert fedi.account(found[other.uri]["actor"]) == f"mastodon:dan@{own}"
        assert fedi.account(found[other.uri]["reply_to"]) == "mastodon:ada@home.example"
        assert fedi.account(found[named.uri]["reply_to"]) == "mastodon:ada@home.example"
        assert found[first.uri]["hashtags"] == ["hitsm"]
        assert SECRET.encode() not in stored_in(tmp_path)
        assert server.authorizations == {f"Bearer {TOKEN}"}
        assert not any("access_token" in query for _, query in server.asked)


@run_to_end
async def test_the_same_post_on_two_servers_counts_once(tmp_path: Path) -> None:
    one, two = Mastodon(1), Mastodon(2)
    async with serving(one, two), fediverse_of(tmp_path, one, two) as fedi:
        await fedi.put()
        await fedi.live()
        posts = [Post(number) for number in range(6)]
        for post in posts[:4]:
            await one.add(post)
        for post in reversed(posts[2:]):
            await two.add(post)
        await fedi.has(*posts)
        assert sorted(fedi.uris()) == sorted(post.uri for post in posts)
        await until(lambda: fedi.count("duplicates") == 2)


@run_to_end
async def test_an_edit_counts_once_and_can_bring_a_post(tmp_path: Path) -> None:
    server = Mastodon()
    async with serving(server), fediverse_of(tmp_path, server) as fedi:
        await fedi.put()
        await fedi.live()
        one, other = Post(1), Post(2, tags=("cats",))
        first, second = await server.add(one), await server.add(other)
        await fedi.has(one)
        await server.edit(first, "HITsm", "cats")
        await server.edit(second, "HITSM")
        await fedi.has(other)
        assert [row["hashtags"] for row in fedi.posts()] == [["hitsm"], ["hitsm"]]
        await until(lambda: fedi.count("duplicates") == 1)


@run_to_end
async def test_a_deletion_counts_where_the_post_is_remembered(tmp_path: Path) -> None:
    server = Mastodon()
    async with serving(server), fediverse_of(tmp_path, server) as fedi:
        await fedi.put()
        await fedi.live()
        kept, gone = Post(1), Post(2)
        await server.add(kept)
        id_ = await server.add(gone)
        await fedi.has(kept, gone)
        await server.send(gone, "delete", "999")  # of a post that nobody has read
        await server.delete(id_)
        await until(lambda: fedi.log("activity.deleted"))
        (row,) = fedi.log("activity.deleted")
        assert fedi.parts.directory.originals([row["deleted"]])[row["deleted"]] == f"mastodon:{gone.uri}"
        await until(lambda: fedi.count("deletions") == 1)


@run_to_end
async def test_it_begins_now_and_brings_the_past_when_asked(tmp_path: Path) -> None:
    server = Mastodon(page_posts=4)
    async with serving(server), fediverse_of(tmp_path, server) as fedi:
        now = now_ms()
        old = [Post(number, at=now - (20 - number) * 3_600_000) for number in range(12)]
        for post in [*old, Post(99, at=now - 60_000)]:
            await server.add(post)
        await fedi.put()
        await fedi.live()
        assert fedi.uris() == [Post(99).uri]
        assert await fedi.parts.connectors.bring_history(CONFERENCE, FEDI, old[3].at)
        await until(lambda: fedi.health.history is not None and fedi.health.history.state == "done")
        assert sorted(fedi.uris()) == sorted([Post(99).uri, *(post.uri for post in old[3:])])
        at = dict(zip(fedi.uris(), (millis(row["at"]) for row in fedi.posts()), strict=True))
        assert at[old[5].uri] == old[5].at
        await fedi.pause(paused=True)
        await fedi.pause(paused=False)  # what is older than the beginning stays out
        await fedi.live()
        assert len(fedi.uris()) == 10


@run_to_end
async def test_what_a_server_says_of_the_time_hardly_counts(tmp_path: Path) -> None:
    server = Mastodon()
    async with serving(server), fediverse_of(tmp_path, server) as fedi:
        await fedi.put()
        await fedi.live()
        early, late = Post(1, at=now_ms() - 86_400_000), Post(2, at=now_ms() + 86_400_000)
        await server.add(early)
        await server.add(late)
        await fedi.has(early, late)
        at = dict(zip(fedi.uris(), fedi.posts(), strict=True))
        found = [now_ms() - millis(at[post.uri]["at"]) for post in (early, late)]
        assert 600_000 <= found[0] < 660_000
        assert 0 <= found[1] < 60_000


@run_to_end
async def test_hashtags_that_the_organizer_adds_are_followed(tmp_path: Path) -> None:
    server = Mastodon()
    async with serving(server), fediverse_of(tmp_path, server) as fedi:
        await fedi.put()
        await fedi.live()
        body = OPENING | {"hashtags": ["hitsm", "Grüße"]}
        good(await fedi.inside.organizer.put(f"/v1/conferences/{CONFERENCE}", json=body))
        await until(lambda: len(server.subscribed[-1]) >= 2 and "grüsse" in server.subscribed[-1])
        post = Post(1, tags=("GRÜSSE",))
        await server.add(post)
        await fedi.has(post)


@run_to_end
async def test_each_server_is_tried_in_words(tmp_path: Path) -> None:
    one, two, three = Mastodon(1), Mastodon(2, has_streams=False), Mastodon(3)
    async with serving(one, two, three), fediverse_of(tmp_path, one, two, three) as fedi:
        organizer, path = fedi.inside.organizer, f"/v1/conferences/{CONFERENCE}/connectors/{FEDI}"
        body = {
            "config": {"kind": "mastodon", "servers": [one.address, two.address, three.address]},
            "secrets": {"token_a": TOKEN, "token_b": TOKEN, "token_c": "wrong"},
        }
        tried = good(await organizer.post(f"{path}/test", json=body))
        texts = [(check["is_good"], check["text"]) for check in tried["checks"]]
        assert [is_good for is_good, _ in texts] == [True, True, True, True, True, True, False]
        for (_, text), words in zip(
            texts, ("token", "timelines", "at once", "token", "timelines", "half minute", "token"), strict=True
        ):
            assert words in text
        assert SECRET not in str(tried)
        three.faults.append(Fault("403", "/api/v1/streaming"))
        body["secrets"]["token_c"] = TOKEN
        tried = good(await organizer.post(f"{path}/test", json=body))
        assert [check["is_good"] for check in tried["checks"]][-1] is False


@run_to_end
async def test_an_organizer_sets_it_up_over_the_api(tmp_path: Path) -> None:
    one, two = Mastodon(1), Mastodon(2)
    async with serving(one, two), fediverse_of(tmp_path, one, two) as fedi:
        organizer, path = fedi.inside.organizer, f"/v1/conferences/{CONFERENCE}/connectors/{FEDI}"
        body = {"config": {"kind": "mastodon", "servers": [one.address, two.address]}, "secrets": {"token_a": TOKEN}}
        missing = await organizer.put(path, json=body)
        assert (missing.status_code, "token_b" in missing.text) == (422, True)
        twice = body | {"config": {"kind": "mastodon", "servers": [one.address, f"{one.address}/"]}}
        assert (await organizer.put(path, json=twice)).status_code == 422
        body["secrets"]["token_b"] = TOKEN
        made = await organizer.put(path, json=body)
        assert TOKEN not in made.text
        await fedi.live()
        post = Post(1)
        await two.add(post)
        await fedi.has(post)
        (shown,) = good(await organizer.get(f"/v1/conferences/{CONFERENCE}/connectors"))["connectors"]
        assert (shown["config"]["kind"], shown["secrets"]) == ("mastodon", ["token_a", "token_b"])
        # a token that was entered for one server is never sent to another in its place
        swapped = body | {"config": {"kind": "mastodon", "servers": [two.address, one.address]}, "secrets": {}}
        assert (await organizer.put(path, json=swapped)).status_code == 422
