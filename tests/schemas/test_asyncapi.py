"""The AsyncAPI document: current, whole in itself, and true of the topics and the Structs."""

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from schemas.asyncapi import document
from schemas.events import Input
from schemas.outputs import AnyOutput
from schemas.topics import TOPICS

FOLDER = Path(__file__).parents[2] / "docs" / "schema"


@pytest.fixture(scope="module")
def said() -> dict[str, Any]:
    return dict(json.loads(document()))


def test_the_file_is_current() -> None:
    assert (FOLDER / "asyncapi.json").read_bytes() == document(), "docs/schema is old: run `make schema`"


def references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for value in node.values() for found in references(value)]
    return [found for item in node for found in references(item)] if isinstance(node, list) else []


def test_every_reference_leads_somewhere(said: dict[str, Any]) -> None:
    found = references(said)
    assert len(found) > 40
    for reference in found:
        file, _, path = reference.partition("#/")
        node = json.loads((FOLDER / file).read_bytes()) if file else said
        for name in path.split("/"):
            node = node[name]
        assert isinstance(node, dict)


def test_it_has_what_the_specification_requires(said: dict[str, Any]) -> None:
    assert said["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= set(said["info"])
    assert {operation["channel"]["$ref"].rpartition("/")[2] for operation in said["operations"].values()} == set(
        said["channels"]
    )
    assert {operation["action"] for operation in said["operations"].values()} == {"send", "receive"}
    for channel in said["channels"].values():
        assert channel["messages"]
        assert channel["bindings"]["kafka"]["topic"] == channel["address"]


def test_each_public_topic_and_each_event_is_there(said: dict[str, Any]) -> None:
    public = {topic.name: topic for topic in TOPICS if topic.value_type is not None}
    channels = {channel["address"]: channel for channel in said["channels"].values()}
    assert set(channels) == set(public)
    for name, topic in public.items():
        kafka = channels[name]["bindings"]["kafka"]["topicConfiguration"]
        assert (kafka["retention.ms"], kafka["cleanup.policy"]) == (topic.retention_ms, ["delete"])
    kinds = {kind.__struct_config__.tag for kind in (*get_args(Input), *get_args(AnyOutput))}
    assert {message["name"] for message in said["components"]["messages"].values()} == {*kinds, "DeadLetter"}
    log = {path["$ref"] for path in channels["hallway.conference-log.v1"]["messages"].values()}
    assert log == {f"#/components/messages/{kind.__name__}" for kind in get_args(Input)}
