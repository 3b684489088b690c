"""`hallway demo --kafka`: the same day through a broker and three workers; a worker's end is told."""

import asyncio
from pathlib import Path

import pytest

from services.kafka.access import Access
from services.tools.demo.kafka_stack import Workers, run_beside
from services.usage_errors import UnusableError
from tests.demo.test_play import Demo

DAY_S = 180.0


def test_a_day_plays_on_a_kafka_of_its_own_and_all_of_it_ends(tmp_path: Path) -> None:
    demo = Demo(tmp_path, "--kafka", "--fast")
    try:
        demo.until("The day is over", DAY_S)
        assert demo.process.wait(30) == 0
    finally:
        demo.process.kill()
    suggested, agreed, _ = (int(word) for word in demo.said.rsplit(":", 1)[1].split() if word.isdigit())
    assert suggested >= agreed > 0
    assert not list(tmp_path.iterdir()), "nothing is left behind"


def test_a_worker_that_ends_ends_the_demo_with_its_last_words(tmp_path: Path) -> None:
    async def story() -> None:
        with pytest.raises(UnusableError, match=r"The delivery ended with 2: .*--redis"):
            await asyncio.wait_for(
                run_beside(Workers(Access("127.0.0.1:1"), "nonsense", tmp_path), asyncio.sleep(60)), 50
            )

    asyncio.run(story())
