"""Events as lines, for tests that need few of them."""

import json
from typing import Any

OPENED = {
    "type": "conference.opened", "conference": "c", "name": "C", "hashtags": ["tag"], "time_zone": "UTC",
    "starts_at": "2026-03-09T08:00:00Z", "ends_at": "2026-03-10T08:00:00Z", "places": [], "chats": [],
    "organizer": "org",
}  # fmt: skip


def line(kind: str, id: str, at: str = "2026-03-09T08:00:00.000Z", **fields: Any) -> bytes:
    return json.dumps({"type": kind, "id": id, "at": at, **fields}).encode()


def opened(conference: str = "c", id: str = "o1", **changes: Any) -> bytes:
    fields = {**OPENED, "conference": conference, **changes}
    return line(fields.pop("type"), id, **fields)


def post(id: str, *, actor: str = "x:ada", tags: tuple[str, ...] = ("tag",)) -> bytes:
    return line("activity.posted", id, actor=actor, hashtags=tags, mentions=["x:bob"])


def deletion(id: str, deleted: str, actor: str = "x:ada") -> bytes:
    return line("activity.deleted", id, actor=actor, deleted=deleted)
