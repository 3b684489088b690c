"""The real posts, which are no part of the project: where they are, and how they are read.

Owns: finding the folder, reading a file. May never: write anything of them anywhere (their licence forbids it).
"""

import gzip
import json
import os
from pathlib import Path
from typing import Any

Json = dict[str, Any]
EVENTS = ("bosc17", "ismbeccb2017")
HASHTAGS = {"bosc17": ("bosc2017",), "ismbeccb2017": ("ismbeccb", "ismb2017", "ismbeccb2017")}


def folder() -> Path:
    """Where the posts are: HALLWAY_CORPUS, or shared/data/posts beside the checkout."""
    beside = Path(__file__).parents[3] / "shared" / "data" / "posts"
    return Path(os.environ.get("HALLWAY_CORPUS") or beside)


def missing() -> str | None:
    """What is missing, in a sentence; None when all is there."""
    lacking = [name for name in EVENTS if not _path(name).is_file()]
    if not lacking:
        return None
    return (
        f"The real posts of {' and '.join(lacking)} are not in {folder()}: "
        "set HALLWAY_CORPUS to the folder that has them (they are no part of the project)."
    )


def _path(name: str) -> Path:
    return folder() / f"{name}.jsonl.gz"


def posts(name: str) -> list[Json]:
    """The posts of an event by time, doubles and all, then in the order of the file."""
    with gzip.open(_path(name)) as file:
        return sorted((json.loads(line) for line in file), key=lambda post: post["at"])


def distinct(said: list[Json]) -> list[Json]:
    """Each post once, the first of doubles."""
    seen: dict[str, Json] = {}
    for post in said:
        seen.setdefault(post["id"], post)
    return list(seen.values())


def addressed(post: Json) -> set[str]:
    """Whom the post addresses but its author."""
    return {*post["mentions"], *([post["reply_to"]] if post["reply_to"] else ())} - {post["actor"]}


def accounts(said: list[Json]) -> list[str]:
    """All who post or are addressed, sorted."""
    return sorted({post["actor"] for post in said}.union(*(addressed(post) for post in said)))
