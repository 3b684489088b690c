"""Pins what the workers override of Faust, mode and aiokafka, or rely on.

A different digest means that another version has other code there. Read what changed, check whether ``transport.py``,
``unreadable_batches.py``, ``credentials.py`` and ``app.py`` of ``streams/workers`` still hold, then update the digest.
"""

import inspect
from collections.abc import Callable
from functools import reduce
from hashlib import blake2b
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import faust
import pytest
from aiokafka.consumer import fetcher
from faust.transport import consumer as faust_consumer
from faust.transport.drivers import aiokafka as driver

from streams.workers.faust import transport, unreadable_batches

VERSIONS = {"faust-streaming": "0.15.3", "mode-streaming": "0.7.1", "aiokafka": "0.14.0"}

HELD = {
    "faust.transport.consumer:Consumer.getmany": "5c87d5d37428",
    "faust.transport.consumer:Consumer._wait_next_records": "62b6a4fb3f1c",
    "faust.transport.consumer:Consumer._drain_messages": "b62bd6539aeb",
    "faust.transport.consumer:Consumer._get_active_partitions": "21ad56751fc3",
    "faust.transport.consumer:Consumer.on_buffer_full": "56407f0f3829",
    "faust.transport.consumer:Consumer.on_buffer_drop": "04e594f5fd1d",
    "faust.transport.consumer:Consumer.ack": "386826236bb5",
    "faust.transport.consumer:Consumer._add_gap": "38926c8cb7f6",
    "faust.transport.consumer:Consumer.commit": "ca4e85d024ef",
    "faust.transport.consumer:Consumer.force_commit": "9f74f6bd7475",
    "faust.transport.consumer:Consumer._commit_tps": "7c9461c4a361",
    "faust.transport.consumer:Consumer._filter_tps_with_pending_acks": "c45de12732d4",
    "faust.transport.consumer:Consumer._filter_committable_offsets": "8697d17213c6",
    "faust.transport.consumer:Consumer._should_commit": "c4a45ac66a56",
    "faust.transport.consumer:Consumer._new_offset": "0a7caf14c0a2",
    "faust.transport.consumer:Consumer._commit_offsets": "ba855c1ad21f",
    "faust.transport.consumer:Consumer.perform_seek": "3abec3df46b4",
    "faust.transport.consumer:Consumer.on_partitions_revoked": "bff85c032527",
    "faust.transport.consumer:Consumer.on_partitions_assigned": "cb323f47e1bb",
    "faust.transport.consumer:Consumer.on_stop": "f90ba1596099",
    "faust.transport.consumer:ThreadDelegateConsumer.seek_to_committed": "918b48b7f2e4",
    "faust.transport.drivers.aiokafka:Consumer._new_consumer_thread": "991867355aba",
    "faust.transport.drivers.aiokafka:Consumer._to_message": "54f816ca1d22",
    "faust.transport.drivers.aiokafka:ConsumerRebalanceListener": "7dfbfdb8cd03",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._create_worker_consumer": "9246a21942b3",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._fetch_records": "8e15801cd1ae",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread._commit": "d26ce85fdec4",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread.seek_to_committed": "f037ef0a4002",
    "faust.transport.drivers.aiokafka:AIOKafkaConsumerThread.seek_to_beginning": "351f62ac8685",
    "faust.app.base:App._on_partitions_revoked": "289e06db160c",
    "faust.app.base:App._on_partitions_assigned": "87d6dabfbdaf",
    "faust.app.base:App._stop_consumer": "f6eba0a41adf",
    "faust.app.base:App._new_transport": "bcd71ef2af8c",
    "faust.app.base:App._create_directories": "5f68f68ff65c",
    "faust.app.base:App.on_stop": "e6e88399cd00",
    "faust.app.base:BootStrategy.web_server": "d126074ed4dc",
    "faust.app.base:BootStrategy._should_enable_web": "53bb94ca7b3b",
    "faust.agents.agent:Agent._execute_actor": "b8d3611ce7f5",
    "faust.tables.recovery:Recovery._resume_streams": "65a824f3789d",
    "faust.serializers.schemas:Schema.compile": "46a59f0edae9",
    "faust.types.tuples:Message": "a54f6d2fb025",
    "faust.auth:SASLCredentials": "6a4e50d9af62",
    "faust.auth:SSLCredentials": "e22727ab93b6",
    "faust.transport.drivers.aiokafka:credentials_to_aiokafka_auth": "8a2424b6e904",
    "mode.services:Service.crash": "cb8c347c8daa",
    "mode.services:Service.stop": "771567481640",
    "aiokafka.consumer.fetcher:PartitionRecords": "6cea7630af76",
    "aiokafka.consumer.fetcher:FetchResult": "da332176786f",
    "aiokafka.consumer.consumer:AIOKafkaConsumer.seek_to_committed": "1c44c254fdbb",
    "aiokafka.consumer.group_coordinator:GroupCoordinator._maybe_leave_group": "9b75c3fa6001",
    "aiokafka.producer.producer:AIOKafkaProducer.send_batch": "94a05520ee3c",
}
HELD_FILES = {
    "_cython/streams.pyx": "ddbab81abb11",
    "transport/_cython/conductor.pyx": "8fb7db872a4a",
}


def found(name: str) -> Any:
    """The object that ``module:Class.method`` names."""
    module, _, path = name.partition(":")
    return reduce(getattr, path.split("."), import_module(module))


def digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=6).hexdigest()


@pytest.mark.parametrize(("package", "expected"), VERSIONS.items())
def test_the_versions_are_those_that_were_read(package: str, expected: str) -> None:
    assert version(package) == expected


@pytest.mark.parametrize(("name", "expected"), HELD.items())
def test_the_source_is_what_was_read(name: str, expected: str) -> None:
    assert digest(inspect.getsource(found(name))) == expected, f"{name} says something else now"


@pytest.mark.parametrize(("name", "expected"), HELD_FILES.items())
def test_the_compiled_source_is_what_was_read(name: str, expected: str) -> None:
    assert faust.__file__ is not None
    text = (Path(faust.__file__).parent / name).read_text(encoding="utf-8")
    assert digest(text) == expected, f"{name} says something else now"


OVERRIDDEN: list[tuple[type, type]] = [
    (transport.FramedConsumer, driver.Consumer),
    (transport.FramedThread, driver.AIOKafkaConsumerThread),
    (transport.FramedApp, faust.App),
    (transport.FrameSchema, faust.Schema),
    (unreadable_batches.PartitionRecords, unreadable_batches._Theirs),
]


@pytest.mark.parametrize(("ours", "theirs"), OVERRIDDEN, ids=lambda one: one.__name__)
def test_what_is_overridden_is_there_with_the_same_arguments(ours: type, theirs: type) -> None:
    own = {name: value for name, value in vars(ours).items() if inspect.isfunction(value)}
    added = {"_message_of", "_unreadable", "_is_aborted"}
    assert own.keys() - added, "nothing is overridden"
    for name, function in own.items():
        if name in added:
            assert not hasattr(theirs, name), f"{name} is theirs now"
        else:
            assert _names(getattr(theirs, name)) <= _names(function) | {"loads", "serializer"}, name


def _names(function: Callable[..., Any]) -> set[str]:
    return set(inspect.signature(function).parameters)


def test_the_consumer_is_still_built_of_what_is_replaced() -> None:
    assert driver.Consumer.__mro__[1] is faust_consumer.ThreadDelegateConsumer
    assert driver.Transport.Consumer is driver.Consumer
    assert "PartitionRecords(" in inspect.getsource(fetcher.Fetcher._proc_fetch_request)
