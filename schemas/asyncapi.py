"""The topics as an AsyncAPI 3 document, generated from their declarations and the Structs.

Responsibility: docs/schema/asyncapi.json, byte for byte. It refers to the JSON Schemas beside it instead of repeating
them.
Source: https://www.asyncapi.com/docs/reference/specification/v3.0.0
"""

from functools import cache
from typing import Any, get_args

import orjson

from schemas.json_schema import documents
from schemas.topics import PARTITIONS, TOPICS, TYPE_HEADER, Topic

VERSION = "3.0.0"
_BINDING = "0.5.0"
_SCHEMA = "application/schema+json;version=2020-12"
_KEYS = {
    "actor": "The account that posted, or deletes.",
    "conference": "The id of the conference.",
    "source": "Where the bytes were read from.",
}
# What Hallway does with each public topic: the operation's id, the specification's verb, a summary.
_OPERATIONS = {
    "activity": ("takeActivity", "receive", "The router reads posts and deletions."),
    "conference-log": ("keepLog", "send", "The gateway, the router and the matcher append; the matcher folds."),
    "matches": ("tellMatches", "send", "The matcher writes its outputs; delivery puts them into inboxes."),
    "dead-letters": ("keepDeadLetters", "send", "Whoever reads bytes that are not a valid event stores them here."),
}


def document() -> bytes:
    """The content of the file."""
    public = [topic for topic in TOPICS if topic.value_type is not None]
    messages: dict[str, Any] = {}
    for topic in public:
        messages |= {kind.__name__: _message(kind) for kind in _kinds(topic)}
    whole = {
        "asyncapi": VERSION,
        "info": {
            "title": "Hallway's topics",
            "version": "1",
            "description": "A conference is one ordered log, and its matches are a pure fold of it. Each message is "
            "one event, as JSON. Every address may have a prefix. The topics for snapshots are internal.",
        },
        "defaultContentType": "application/json",
        "channels": {_short(topic): _channel(topic) for topic in public},
        "operations": {
            operation: {
                "action": verb,
                "channel": {"$ref": f"#/channels/{name}"},
                "summary": summary,
            }
            for name, (operation, verb, summary) in _OPERATIONS.items()
        },
        "components": {"messages": messages},
    }
    return orjson.dumps(whole, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def _channel(topic: Topic) -> dict[str, Any]:
    return {
        "address": topic.name,
        "title": _short(topic),
        "description": topic.description,
        "messages": {kind.__name__: {"$ref": f"#/components/messages/{kind.__name__}"} for kind in _kinds(topic)},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": PARTITIONS,
                "topicConfiguration": {
                    "cleanup.policy": ["compact" if topic.compacted else "delete"],
                    "retention.ms": topic.retention_ms,
                },
                "bindingVersion": _BINDING,
            }
        },
        "x-key": _KEYS[topic.key],
        "x-settings": topic.settings(),
    }


def _message(kind: Any) -> dict[str, Any]:
    tag = kind.__struct_config__.tag
    message = {
        "name": tag or kind.__name__,
        "title": tag or kind.__name__,
        "contentType": "application/json",
        "payload": {"schemaFormat": _SCHEMA, "schema": {"$ref": f"{_file_of(kind.__name__)}#/$defs/{kind.__name__}"}},
    }
    if tag is not None:
        header = {"type": "string", "const": tag, "description": "The event's type; absent if unknown."}
        message["headers"] = {"type": "object", "properties": {TYPE_HEADER: header}}
    return message


def _kinds(topic: Topic) -> tuple[Any, ...]:
    """The Structs of a topic: the members of its union, or its only one."""
    return get_args(topic.value_type) or (topic.value_type,)


@cache
def _file_of(struct: str) -> str:
    return next(name for name, content in documents().items() if struct in orjson.loads(content)["$defs"])


def _short(topic: Topic) -> str:
    return topic.name.removeprefix("hallway.").removesuffix(".v1")
