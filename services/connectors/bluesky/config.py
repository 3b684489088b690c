"""An organizer's settings for Bluesky."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

# Bluesky's own streams. An organizer names no other, or could send invented posts; the operator may list more.
HOSTS = (
    "jetstream.us-east.bsky.network",
    "jetstream.us-west.bsky.network",
    "jetstream1.us-east.bsky.network",
    "jetstream2.us-east.bsky.network",
    "jetstream1.us-west.bsky.network",
    "jetstream2.us-west.bsky.network",
)


class BlueskyConfig(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="bluesky"):
    """``read``: ``people``: the posts of attendees who proved an account and consent to matching, and no others;
    ``hashtags``: everybody's posts with a hashtag of the conference, for which all posts of Bluesky are read."""

    address: Annotated[str, Meta(max_length=300)] = f"https://{HOSTS[0]}"
    read: Literal["people", "hashtags"] = "people"
