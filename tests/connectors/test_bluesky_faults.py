"""Whatever a Jetstream does: each post once, nothing lost, the position never ahead, and every gap said in words."""

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest
from redis.backoff import ConstantBackoff

from schemas.times import millis
from services.connectors.bluesky import connector
from services.server import connector_ports
from tests.api.in_process import QUIET, run_to_end
from tests.api.people import CONFERENCE
from tests.connectors.connected import until
from tests.connectors.fake_jetstream import ADA, BOB, SECRET, Fault, Jetstream, record, serving
from tests.connectors.skies import Sky, sky_over, stored_in
from tests.connectors.test_faults import Killer, _killed

pytestmark = QUIET


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connector, "LOOK_S", 0.1)
    monkeypatch.setattr(connector, "SAVE_S", 0.0)
    monkeypatch.setattr("services.connectors.bluesky.reader.PART_S", 0.02)
    monkeypatch.setattr(connector_ports, "BACKOFF", ConstantBackoff(0.01))


async def post_some(host: Jetstream, chance: random.Random, most: int) -> None:
    """A few posts at a time, so that they are read in several batches and by several connections."""
    for _ in range(most):
        host.add(chance.choice((ADA, BOB)), record("hitsm"))
        if chance.random() < 0.3:
            await host.tell()
            await asyncio.sleep(0)


def whole(sky: Sky) -> None:
    """Each post once, none missing."""
    expected = [f"bsky:at://{each['did']}/app.bsky.feed.post/{each['rkey']}" for each in sky.host.events]
    assert sorted(sky.post_ids()) == sorted(expected)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("what", ["cut", "close", "half", "double", "swap", "error", "429", "500", "redirect"])
@run_to_end
async def test_each_fault_again_and_again(tmp_path: Path, what: str, version: int) -> None:
    if (what, version) == ("error", 1):
        return  # the first version has no such frame
    chance = random.Random(3)
    async with serving(Jetstream(versions=(version,))) as host, sky_over(host, tmp_path) as sky:
        host.faults = [Fault(what, chance.randrange(1, 4)) for _ in range(8)]
        await sky.put(read="hashtags")
        await until(lambda: sky.cursor_us)
        for _ in range(10):
            await post_some(host, chance, 4)
            await sky.has(len(host.events))
        await until(lambda: not host.faults or what in ("double", "swap"))
        whole(sky)
        await until(lambda: sky.health.state == "live")
        assert what in ("double", "swap") or sky.health.error
        assert SECRET not in sky.health.error


@pytest.mark.parametrize("seconds", [-3 * 3_600, 3 * 3_600])
@run_to_end
async def test_a_host_whose_clock_is_hours_off_loses_nothing(tmp_path: Path, seconds: int) -> None:
    chance = random.Random(4)
    async with serving(Jetstream(skew_us=seconds * 1_000_000)) as host, sky_over(host, tmp_path) as sky:
        host.faults = [Fault("cut", 3) for _ in range(4)]
        await sky.put(read="hashtags")
        await sky.live()
        for _ in range(6):
            await post_some(host, chance, 5)
            await sky.has(len(host.events))
        await until(lambda: not host.faults)
        whole(sky)
        assert all(row["at"] <= row["recorded_at"] for row in sky.posts())


@run_to_end
async def test_what_the_writer_says_of_the_time_hardly_counts(tmp_path: Path) -> None:
    async with serving(Jetstream()) as host, sky_over(host, tmp_path) as sky:
        await sky.put(read="hashtags")
        await sky.live()
        for created in ("2023-04-01T10:00:00+02:00", "2099-01-01T00:00:00Z", "yesterday", ""):
            host.add(ADA, record("hitsm", createdAt=created))
        await sky.caught_up()
        witnessed = [each["us"] // 1_000 for each in host.events]
        late = [seen - millis(row["at"]) for seen, row in zip(witnessed, sky.posts(), strict=True)]
        assert late == [600_000, 0, 0, 0]


@pytest.mark.parametrize(
    "made",
    [
        {"tags": 5},
        {"facets": [{"features": [{"$type": "app.bsky.richtext.facet#tag", "tag": 7}]}]},
        {"facets": {"a": "b"}},
        {"reply": {"parent": {"uri": 1}}},
        "no record",
        None,
        [[[]]],
    ],
)
@run_to_end
async def test_a_record_that_is_no_post_is_nobodys_dead_letter(tmp_path: Path, made: Any) -> None:
    async with serving(Jetstream()) as host, sky_over(host, tmp_path) as sky:
        await sky.put(read="hashtags")
        await sky.live()
        host.add(ADA, record("hitsm") | made if isinstance(made, dict) else made)
        host.add(BOB, record("hitsm"))
        await sky.caught_up()
        assert (sky.count("posts"), sky.count("unreadable")) == (1, 0)


@run_to_end
async def test_half_a_frame_becomes_a_dead_letter_without_its_text(tmp_path: Path) -> None:
    async with serving(Jetstream()) as host, sky_over(host, tmp_path) as sky:
        host.faults = [Fault("garbage", 1)]
        await sky.put(read="hashtags")
        await sky.live()
        for _ in range(3):
            host.add(ADA, record("hitsm"))
        await sky.caught_up()
        whole(sky)
        assert sky.count("unreadable") == len(list(sky.parts.journal.dead_letters())) == 1
        assert SECRET.encode() not in stored_in(tmp_path)


@run_to_end
async def test_a_message_of_ten_megabytes_is_skipped_and_said(tmp_path: Path) -> None:
    async with serving(Jetstream()) as host, sky_over(host, tmp_path) as sky:
        host.faults = [Fault("huge", 1), Fault("huge", 0)]
        await sky.put(read="hashtags")
        await sky.live()
        host.add(ADA, record("hitsm"))
        host.add(ADA, record("cats"))
        await host.tell()
        await until(lambda: not host.faults)
        await until(lambda: sky.health.error)
        assert "too long" in sky.health.error
        await until(lambda: sky.host.open)
        host.add(BOB, record("hitsm"), at_us=host.now_us() + 10_000_000)
        await sky.caught_up()
        assert sky.count("posts") == 2
        assert int(host.asked[-1]["maxMessageSizeBytes"][0]) < 1024 * 1024


@pytest.mark.parametrize("refuses", [True, False])
@run_to_end
async def test_a_gap_is_said_in_words(tmp_path: Path, refuses: bool) -> None:
    async with serving(Jetstream(refuses_old=refuses)) as host, sky_over(host, tmp_path) as sky:
        await sky.put(read="hashtags")
        await sky.live()
        host.add(ADA, record("hitsm"))
        await sky.caught_up()
        sky.parts.directory.connectors.set_paused(CONFERENCE, "sky", paused=True)
        await sky.parts.connectors.reload(CONFERENCE, "sky")
        host.add(ADA, record("hitsm"))
        host.events.clear()
        host.floor_us = sky.cursor_us + 1
        host.add(BOB, record("hitsm"), at_us=host.now_us() + 60_000_000)
        sky.parts.directory.connectors.set_paused(CONFERENCE, "sky", paused=False)
        await sky.parts.connectors.reload(CONFERENCE, "sky")
        await sky.caught_up()
        assert "missing" in sky.health.error
        assert sky.count("posts") == 2


@run_to_end
async def test_a_silent_stream_of_everybody_is_opened_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connector, "SILENCE_S", 0.1)
    async with serving(Jetstream()) as host, sky_over(host, tmp_path) as sky:
        await sky.put(read="hashtags")
        await until(lambda: len(host.asked) > 2)
        assert "silent" in sky.health.error


@run_to_end
async def test_a_quiet_stream_of_people_stays_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connector, "SILENCE_S", 0.1)
    async with serving(Jetstream()) as host, sky_over(host, tmp_path) as sky:
        await sky.person("ada", ADA)
        await sky.put()
        await sky.live()
        seen = [sky.health.seen_at]
        for _ in range(5):
            await until(lambda: sky.health.seen_at != seen[-1])
            seen.append(sky.health.seen_at)
        assert (len(host.asked), sky.health.state, sky.health.lag_ms) == (1, "live", 0)


# -- kills -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
@run_to_end
async def test_a_kill_at_any_step_loses_and_duplicates_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Posts come and go and people join, while the run ends at every other step and connections break."""
    killer, chance = Killer(seed), random.Random(seed)
    for name in ("admit_posts", "known_posts", "reject"):
        method = getattr(connector_ports.ConnectorLog, name)
        monkeypatch.setattr(connector_ports.ConnectorLog, name, _killed(killer, method))
    async with (
        serving(Jetstream(versions=chance.choice([(1,), (2,), (1, 2)]))) as host,
        sky_over(host, tmp_path) as sky,
    ):
        await sky.person("ada", ADA)
        reads = chance.choice(("people", "hashtags"))
        for name in ("save", "secrets_of"):
            killer.wrap(sky.parts.directory.connectors, name)
        await sky.put(read=reads)
        await until(lambda: sky.cursor_us)
        deleted: set[str] = set()
        for number in range(40):
            if number == 20 and reads == "people":
                await sky.person("bob", BOB)
            did = ADA if number < 20 else chance.choice((ADA, BOB))
            host.add(did, record("hitsm"))
            if chance.random() < 0.2:
                each = chance.choice([event for event in host.events if event["operation"] == "create"])
                deleted.add(each["rkey"])
                host.add(each["did"], None, "delete", rkey=each["rkey"])
            if chance.random() < 0.3:
                host.faults.append(Fault(chance.choice(("cut", "close", "half", "double", "429")), chance.randrange(4)))
            await host.tell()
            before = sky.cursor_us
            if chance.random() < 0.5:
                await until(lambda: sky.cursor_us > before)  # noqa: B023
            cursor_us, admitted = sky.cursor_us, set(sky.post_ids())
            own = [each for each in host.events if each["did"] == ADA or reads == "hashtags"]  # Bob's come when he does
            behind = [each for each in own if each["operation"] == "create" and each["us"] < cursor_us]
            assert {f"bsky:at://{each['did']}/app.bsky.feed.post/{each['rkey']}" for each in behind} <= admitted
        killer.is_armed = False
        await sky.caught_up()
        await until(lambda: sky.health.state == "live")
        assert killer.kills > 5
        ids = sky.post_ids()
        created = [each for each in host.events if each["operation"] == "create"]
        assert sorted(ids) == sorted(f"bsky:at://{each['did']}/app.bsky.feed.post/{each['rkey']}" for each in created)
        assert len(sky.log("activity.deleted")) == len(deleted)
