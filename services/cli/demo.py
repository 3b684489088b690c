"""``hallway demo``: a real conference day on the pages of a temporary server."""

import asyncio
import logging
import tempfile
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from services.cli.logs.summary import say
from services.cli.streams.pacing import parse_speed
from services.kafka.access import Access
from services.usage_errors import UnusableError

SEED = 1  # another seed gives another cast
OVERVIEW_S = 2.0  # how often the overview is counted; real conferences use a minute


def demo(
    *,
    speed: Annotated[str, Parameter(help="A multiple of real time; max: no waiting.")] = "60x",
    fast: Annotated[
        bool, Parameter(negative=(), help="Same as --speed max, for pipes and tests. It ends by itself.")
    ] = False,
    port: Annotated[int, Parameter(help="The port to listen at; 0: a free one.")] = 0,
    data: Annotated[
        Path | None, Parameter(help="A new data folder, to keep for `hallway serve` or `hallway replay`.")
    ] = None,
    kafka: Annotated[
        bool, Parameter(negative=(), help="Run it on its own Kafka, with a router, a matcher and a delivery.")
    ] = False,
) -> int:
    """Play a conference day on the pages: open them, and meet somebody."""
    pace = None if fast else parse_speed(speed)
    if not 0 <= port <= 65_535:
        raise UnusableError("--port is a number from 0 to 65535.")
    if data is not None:
        return asyncio.run(_play(data, port, pace, kafka))
    with tempfile.TemporaryDirectory(prefix="hallway-demo-") as folder:
        return asyncio.run(_play(Path(folder), port, pace, kafka))


async def _play(data: Path, port: int, speed: float | None, on_kafka: bool) -> int:
    if not on_kafka:
        return await _serve(data, port, speed, None)
    from services.tools.demo.kafka_stack import start_broker

    say("Starting a Kafka of its own ...")
    async with start_broker(data) as access:
        return await _serve(data, port, speed, access)


async def _serve(data: Path, port: int, speed: float | None, kafka: Access | None) -> int:
    from services.api.shared.bounds import Bounds
    from services.api.transport.json_logs import to_stderr
    from services.server.composition import RunningServer, Settings, serve
    from services.tools.demo.badges import load  # the server's libraries: no other command should wait for them
    from services.tools.demo.guests import Pace
    from services.tools.demo.local_time_zone import here
    from services.tools.demo.playback import Keys, Play
    from services.tools.demo.script import CONFERENCE, script
    from services.tools.demo.terminal_output import DemoTerminal

    to_stderr(logging.WARNING)
    made = script(load(), SEED, time.time_ns() // 1_000_000, here())
    playing: list[asyncio.Task[None]] = []

    def ready(server: RunningServer, address: str) -> asyncio.Task[None]:
        if not server.is_new:
            raise UnusableError(f"{data} is in use already. Give --data a new folder, or leave it out.")
        connector = server.parts.directory.keys.issue_key("connector", "badges", [CONFERENCE], checkins=True)
        keys = Keys(server.organizer_key(), connector)
        play = Play(made, address, keys, Pace(speed), DemoTerminal(made, address, speed))
        whole = play.run() if kafka is None else _run_beside_workers(play.run(), kafka, server.redis_url, data)
        playing.append(asyncio.create_task(whole, name="play"))
        return playing[0]

    code = await serve(Settings(data=data, port=port, kafka=kafka, bounds=Bounds(overview_s=OVERVIEW_S)), ready)
    (task,) = playing
    error = None if task.cancelled() else task.exception()
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]  # the others only followed from it
    if error is not None:
        raise error
    return code


async def _run_beside_workers(play: Coroutine[Any, Any, None], kafka: Access, redis_url: str, data: Path) -> None:
    from services.tools.demo.kafka_stack import Workers, run_beside

    await run_beside(Workers(kafka, redis_url, data), play)
