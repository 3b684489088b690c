"""The topics as an AsyncAPI 3 document, made from what is declared and from the Structs.

Owns: docs/schema/asyncapi.json, byte for byte. May never: say again what is in the JSON Schemas beside it; it refers to
them. Source: https://www.asyncapi.com/docs/reference/specification/v3.0.0
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
    "source": "Of what the bytes were read.",
}
# What Hallway does with a topic that others may read or write: its part, and the verb of the specification.
_PARTS = {
    "activity": ("takeActivity", "receive", "The router takes posts and deletions."),
    "conference-log": ("keepLog", "send", "The gateway, the router and the matcher append; the matcher folds."),
    "matches": ("tellMatches", "send", "The matcher puts out; delivery brings it into inboxes."),
    "dead-letters": ("keepDeadLetters", "send", "Whoever reads bytes that are no event keeps them there."),
}


def document() -> bytes:
    """The content of the file."""
    told = [topic for topic in TOPICS if topic.carries is not None]
    messages: dict[str, Any] = {}
    for topic in told:
        messages |= {kind.__name__: _message(kind) for kind in _kinds(topic)}
    whole = {
        "asyncapi": VERSION,
        "info": {
            "title": "Hallway's topics",
            "version": "1",
            "description": "A conference is one ordered log, and matches are a pure fold of it. One event a message, "
            "as JSON. A prefix may stand before every address. Topics for snapshots are Hallway's own.",
        },
        "defaultContentType": "application/json",
        "channels": {_short(topic): _channel(topic) for topic in told},
        "operations": {
            operation: {
                "action": verb,
                "channel": {"$ref": f"#/channels/{name}"},
                "summary": summary,
            }
            for name, (operation, verb, summary) in _PARTS.items()
        },
        "components": {"messages": messages},
    }
    return orjson.dumps(whole, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def _channel(topic: Topic) -> dict[str, Any]:
    return {
        "address": topic.name,
        "title": _short(topic),
        "description": topic.says,
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
        header = {"type": "string", "const": tag, "description": "The event's type again; absent where unknown."}
        message["headers"] = {"type": "object", "properties": {TYPE_HEADER: header}}
    return message


def _kinds(topic: Topic) -> tuple[Any, ...]:
    """The Structs of a topic: those of the union, or the one."""
    return get_args(topic.carries) or (topic.carries,)


@cache
def _file_of(struct: str) -> str:
    return next(name for name, content in documents().items() if struct in orjson.loads(content)["$defs"])


def _short(topic: Topic) -> str:
    return topic.name.removeprefix("hallway.").removesuffix(".v1")
