"""Whatever a Mastodon server does: each post once, nothing lost, no position ahead, and every trouble said in words."""

import asyncio
import random
from pathlib import Path

import pytest
from redis.backoff import ConstantBackoff

from services.connectors.mastodon import server as following
from services.server import connector_ports
from tests.api.in_process import QUIET, run_to_end
from tests.connectors.connected import until
from tests.connectors.fake_mastodon import SECRET, TOKEN, Fault, Mastodon, Post, now_ms, serving
from tests.connectors.fediverse import Fediverse, fediverse_of, hasten
from tests.connectors.skies import stored_in
from tests.connectors.test_faults import Killer, _killed

pytestmark = QUIET


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    hasten(monkeypatch)
    monkeypatch.setattr(connector_ports, "BACKOFF", ConstantBackoff(0.01))


def whole(fedi: Fediverse, posts: list[Post]) -> None:
    """Each post once, none missing."""
    assert sorted(fedi.uris()) == sorted({post.uri for post in posts})


@pytest.mark.parametrize("what", ["cut", "close", "half-frame", "double", "garbage-frame", "huge-frame"])
@run_to_end
async def test_each_fault_of_a_stream_again_and_again(tmp_path: Path, what: str) -> None:
    chance, server, posts = random.Random(3), Mastodon(), list[Post]()
    server.faults = [Fault(what, after=chance.randrange(3)) for _ in range(6)]
    async with serving(server), fediverse_of(tmp_path, server) as fedi:
        await fedi.put()
        await fedi.live()
        while server.faults and what not in ("double", "garbage-frame"):
            posts.append(Post(len(posts)))
            await server.add(posts[-1])
            await fedi.has(posts[-1])
        for _ in range(8):
            posts.append(Post(len(posts)))
            await server.add(posts[-1])
        await fedi.has(*posts)
        whole(fedi, posts)
        if what == "garbage-frame":
            await until(lambda: fedi.count("unreadable") == 1)
        elif what != "double":
            assert "closed the connection" in fedi.health.error
        assert SECRET.encode() not in stored_in(tmp_path)
        assert SECRET not in fedi.health.error


@pytest.mark.parametrize("streams", [True, False])
@pytest.mark.parametrize("what", ["half", "garbage", "huge", "redirect", "429", "500", "503", "403"])
@run_to_end
async def test_each_fault_of_a_timeline_again_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, streams: bool
) -> None:
    monkeypatch.setattr("services.connectors.run.LONGEST_PAUSE_S", 0.02)
    server = Mastodon(has_streams=streams)
    async with serving(server), fediverse_of(tmp_path, server) as fedi:
        await fedi.put()
        await fedi.live()
        posts = list[Post]()
        for number in range(3):
            server.faults.append(Fault(what))
            posts.append(Post(number))
            await server.add(posts[-1])
            await until(lambda: not server.faults)
            await fedi.has(*posts)
        await until(lambda: fedi.health.state == "live")
        whole(fedi, posts)
        assert fedi.health.error
        assert SECRET not in fedi.health.error
        assert SECRET.encode() not in stored_in(tmp_path)


@run_to_end
async def test_a_limit_is_kept_by_the_servers_own_clock(tmp_path: Path) -> None:
    server = Mastodon(has_streams=False, skew_s=-3 * 3_600)
    async with serving(server), fediverse_of(tmp_path, server) as fedi:
        await fedi.put()
        await fedi.live()
        server.left = 3
        seen = server.reads
        await until(lambda: server.reads > seen)
        clock = asyncio.get_running_loop().time
        started, seen = clock(), server.reads
        post = Post(1)
        await server.add(post)
        await until(lambda: "more slowly" in fedi.health.error)
        server.left = 300
        await fedi.has(post)
        assert clock() - started > 0.3  # the reset is a second away
        assert server.reads <= seen + 3


@run_to_end
async def test_a_stream_that_is_silent_while_people_post_is_opened_again(tmp_path: Path) -> None:
    server = Mastodon(sends=False)
    async with serving(server), fediverse_of(tmp_path, server) as fedi:
        await fedi.put()
        await fedi.live()
        posts = list[Post]()
        while len(server.subscribed) < 3:
            posts.append(Post(len(posts)))
            await server.add(posts[-1])
            await fedi.has(*posts)
        whole(fedi, posts)
        assert "silent while people posted" in fedi.health.error


@run_to_end
async def test_a_quiet_stream_stays_open(tmp_path: Path) -> None:
    server = Mastodon()
    async with serving(server), fediverse_of(tmp_path, server) as fedi:
        await fedi.put()
        await fedi.live()
        for number in range(5):
            seen = server.reads
            await server.add(Post(number))
            await until(lambda: server.reads > seen + 1)  # noqa: B023
        assert (len(server.subscribed), fedi.health.state, fedi.health.lag_ms) == (1, "live", 0)
        assert fedi.count("duplicates") == 0  # what the stream brought is not brought again by the timeline


@pytest.mark.parametrize("deleted", [False, True])
@run_to_end
async def test_a_pause_of_hours_leaves_no_gap(tmp_path: Path, deleted: bool) -> None:
    server = Mastodon(page_posts=5)
    async with serving(server), fediverse_of(tmp_path, server) as fedi:
        await fedi.put()
        await fedi.live()
        posts = [Post(0)]
        id_ = await server.add(posts[0])
        await fedi.has(posts[0])
        await until(lambda: fedi.positions[server.address]["hitsm"]["id"] == id_)
        await fedi.pause(paused=True)
        await until(lambda: not server.open)
        if deleted:
            server.posts.pop(id_)
        posts += [Post(number) for number in range(1, 24)]
        for post in posts[1:]:
            await server.add(post)
        await fedi.pause(paused=False)
        await fedi.has(*posts)
        whole(fedi, posts)
        assert any("min_id" in query for _, query in server.asked)


@run_to_end
async def test_a_timeline_that_was_empty_leaves_no_gap(tmp_path: Path) -> None:
    server = Mastodon(page_posts=5)
    async with serving(server), fediverse_of(tmp_path, server) as fedi:
        await fedi.put()
        await fedi.live()
        await fedi.pause(paused=True)
        posts = [Post(number) for number in range(17)]
        for post in posts:
            await server.add(post)
        await fedi.pause(paused=False)
        await fedi.has(*posts)
        whole(fedi, posts)


@run_to_end
async def test_a_post_that_comes_late_and_out_of_order_counts(tmp_path: Path) -> None:
    """It reaches the server's timeline below others that were read before, and no stream tells of it."""
    server = Mastodon(has_streams=False)
    async with serving(server), fediverse_of(tmp_path, server) as fedi:
        await fedi.put()
        await fedi.live()
        first, second, late = Post(1), Post(2), Post(3, at=now_ms() - 60_000)
        await server.add(first)
        await server.add(second)
        await fedi.has(first, second)
        (one, other) = server.posts
        server.posts = {one: first, f"{one}5": late, other: second}
        await fedi.has(late)
        whole(fedi, [first, second, late])


@run_to_end
async def test_a_post_behind_a_boost_counts_as_its_authors_when_it_was_written(tmp_path: Path) -> None:
    """Some servers show the boost in the place of the post. An old post does not become new by it."""
    server = Mastodon(has_streams=False)
    async with serving(server), fediverse_of(tmp_path, server) as fedi:
        await fedi.put()
        await fedi.live()
        await server.add(Post(1, is_boost=True, at=now_ms() - 86_400_000))
        await server.add(Post(2, acct="bob@home.example", is_boost=True))
        last = Post(3)
        await server.add(last)
        await fedi.has(last)
        assert sorted(fedi.uris()) == [Post(3).uri, Post(2, acct="bob@home.example").uri]


@run_to_end
async def test_what_is_no_status_becomes_one_dead_letter_without_its_text(tmp_path: Path) -> None:
    server = Mastodon(has_streams=False)
    async with serving(server), fediverse_of(tmp_path, server) as fedi:
        await fedi.put()
        await fedi.live()
        for _ in range(3):
            server.faults.append(Fault("odd"))
            await until(lambda: not server.faults)
        post = Post(1)
        await server.add(post)
        await fedi.has(post)
        assert fedi.count("unreadable") == len(list(fedi.parts.journal.dead_letters())) == 1
        assert SECRET.encode() not in stored_in(tmp_path)


@run_to_end
async def test_a_server_that_cannot_be_read_stops_no_other(tmp_path: Path) -> None:
    one, two = Mastodon(1), Mastodon(2)
    async with serving(one, two), fediverse_of(tmp_path, one, two) as fedi:
        await fedi.put({"token_a": "wrong", "token_b": TOKEN})
        await until(lambda: fedi.health.state == "live")
        await until(lambda: two.open)
        assert "does not accept the token" in fedi.health.error
        assert f"127.0.0.1:{one.port}" in fedi.health.error
        post = Post(1)
        await two.add(post)
        await fedi.has(post)
        assert not one.open


@run_to_end
async def test_where_no_server_can_be_read_a_person_is_told_what_to_do(tmp_path: Path) -> None:
    one, two = Mastodon(1), Mastodon(2)
    async with serving(one, two), fediverse_of(tmp_path, one, two) as fedi:
        await fedi.put({"token_a": "wrong", "token_b": "wrong"})
        await until(lambda: fedi.health.state == "failing")
        assert "Make a new one" in fedi.health.text


@run_to_end
async def test_a_server_without_a_stream_is_asked_again_later(tmp_path: Path) -> None:
    server = Mastodon(has_streams=False)
    async with serving(server), fediverse_of(tmp_path, server) as fedi:
        await fedi.put()
        await fedi.live()
        assert not fedi.health.error
        server.has_streams = True
        await until(lambda: server.open)


# -- kills -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
@run_to_end
async def test_a_kill_at_any_step_loses_and_duplicates_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Posts come on two servers, while the run ends at every other step and connections break."""
    killer, chance = Killer(seed), random.Random(seed)
    for name in ("admit_posts", "known_posts", "reject"):
        method = getattr(connector_ports.ConnectorLog, name)
        monkeypatch.setattr(connector_ports.ConnectorLog, name, _killed(killer, method))
    servers = [
        Mastodon(number, has_streams=chance.random() < 0.7, page_posts=chance.choice((3, 40))) for number in (1, 2)
    ]
    async with serving(*servers), fediverse_of(tmp_path, *servers) as fedi:
        for name in ("save", "secrets_of"):
            killer.wrap(fedi.parts.directory.connectors, name)
        await fedi.put()
        await until(lambda: all("hitsm" in fedi.positions.get(each.address, {}) for each in servers))
        posts = list[Post]()
        for number in range(30):
            posts.append(
                Post(number, at=now_ms() - 3_600_000)
            )  # too old to be taken for a late one: positions alone count
            on = chance.sample(servers, chance.choice((1, 2)))
            for each in on:
                await each.add(posts[-1])
            if chance.random() < 0.3:
                what = chance.choice(("cut", "close", "half-frame", "double", "429", "500", "half"))
                chance.choice(servers).faults.append(Fault(what, after=chance.randrange(3)))
            if chance.random() < 0.4:
                await fedi.has(posts[-1])
            positions, admitted = fedi.positions, set(fedi.uris())
            for each in servers:
                read = positions[each.address]["hitsm"]["id"]
                assert {post.uri for id_, post in each.posts.items() if id_ <= read} <= admitted
        killer.is_armed = False
        await fedi.has(*posts)
        await until(lambda: fedi.health.state == "live")
        whole(fedi, posts)
        assert killer.kills > 5


def test_the_pauses_grow_and_end_somewhere() -> None:
    assert following._pause_s(1) <= following.FIRST_PAUSE_S * 2
    assert following._pause_s(1_000) <= following.LONGEST_PAUSE_S
