"""What is read of a post on Bluesky, whatever its writer put into it."""

import msgspec
import pytest

from schemas.names import NAME_CHARS
from services.connectors.bluesky import posts


def record(**fields: object) -> posts.Record:
    return msgspec.json.decode(msgspec.json.encode({"createdAt": "2026-03-09T10:00:00Z", **fields}), type=posts.Record)


def test_thousands_of_hashtags_cost_no_more_than_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []

    def noted(text: str) -> str:
        looked.append(text)
        return text

    monkeypatch.setattr(posts, "hashtag_of", noted)
    facet = {"features": [{"$type": "app.bsky.richtext.facet#tag", "tag": f"f{n}"} for n in range(5_000)]}
    hashtags, _, _ = posts.names_in(record(facets=[facet], tags=[f"t{n}" for n in range(5_000)]))
    assert len(hashtags) == posts.MOST_NAMES
    assert len(looked) <= 8 * posts.MOST_NAMES


def test_a_tag_longer_than_any_name_is_not_looked_at() -> None:
    hashtags, _, _ = posts.names_in(record(tags=["x" * (NAME_CHARS + 1), "HITsm"]))
    assert hashtags == ("hitsm",)
