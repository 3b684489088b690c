"""``hallway kafka up``, ``down``, ``status``: a real Kafka on this machine.

Invariants: it only stops a broker that was started in the given folder.
"""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from services.cli.logs.summary import console, say
from services.tools.local_kafka import KafkaError, LocalKafka
from services.tools.local_kafka.node import Life
from services.tools.local_kafka.node import down as stop_node
from services.tools.local_kafka.ports import is_free
from services.tools.local_kafka.settings import HEAP_MB
from services.tools.local_kafka.status import FOLDER, NodeStatus, bytes_in
from services.usage_errors import UnusableError

USUAL_PORT = 9092

Data = Annotated[Path, Parameter(help="The folder for all data of this Kafka; created if it does not exist.")]

app = App(name="kafka", help="A real Kafka on this machine: no Docker, no Java to install.")


@app.command
def up(
    *,
    data: Data = FOLDER,
    port: Annotated[int, Parameter(help="Its port; 0: its previous one, or 9092 if free, or any free one.")] = 0,
    heap_mb: Annotated[int, Parameter(help="The most memory for its heap, in MB.")] = HEAP_MB,
) -> int:
    """Start it in the background, and wait until it answers."""
    if not 0 <= port <= 65_535:
        raise UnusableError("--port is a number from 0 to 65535.")
    before = NodeStatus.load(data)
    if before is not None and before.is_running(data) and port in (0, before.port):
        say(f"Kafka {before.version} runs already at {before.address} (process {before.pid}, data in {data}).")
        return 0
    if not port and before is None and is_free(USUAL_PORT):
        port = USUAL_PORT
    kafka = LocalKafka(data, port=port, heap_mb=heap_mb, life=Life.DETACHED)
    terminal = console()
    try:
        with Progress(
            TextColumn("Fetching Kafka's files, once (43 MB)"),
            BarColumn(),
            MofNCompleteColumn(),
            console=terminal,
            disable=not terminal.is_terminal,
            transient=True,
        ) as bar:
            task = bar.add_task("", total=None, visible=False)
            kafka.start(lambda done, total: bar.update(task, completed=done, total=total, visible=True))
    except KafkaError as error:
        raise UnusableError(str(error)) from None
    say(f"Kafka runs at {kafka.address} (process {kafka.pid}, data in {data}). `hallway kafka down` ends it.", "bold")
    return 0


@app.command
def down(*, data: Data = FOLDER) -> int:
    """Stop it. Its data stays in the folder."""
    try:
        stopped = stop_node(data)
    except KafkaError as error:
        raise UnusableError(str(error)) from None
    say(f"Kafka at {stopped.address} has ended (process {stopped.pid})." if stopped else f"No Kafka runs in {data}.")
    return 0


@app.command
def status(*, data: Data = FOLDER) -> int:
    """Print its address and size, and whether it answers; exit 1 if it does not."""
    status_now = NodeStatus.load(data)
    if status_now is None or not status_now.is_running(data):
        say(f"No Kafka runs in {data}. Start one with `hallway kafka up`.", "red")
        return 1
    cluster = status_now.query()
    size = f"{bytes_in(data) / 1e6:,.1f} MB in {data}"
    head = f"Kafka {status_now.version} at {status_now.address}, process {status_now.pid}, {size}"
    say(
        f"{head}, cluster {cluster.cluster_id}" if cluster else f"{head}: it does not answer.", "" if cluster else "red"
    )
    if cluster:
        sys.stdout.write(f"{status_now.address}\n")
    return 0 if cluster else 1
