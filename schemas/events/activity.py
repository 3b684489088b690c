"""Posts of other networks, and their deletions.

Why: connectors read posts. Organizers send none, as they could make two strangers look acquainted. The log accepts a
deletion from any source (``source`` matters for posts only), so only connectors may send them.
"""

from typing import Annotated

from msgspec import Meta

from schemas.events.base import Event
from schemas.events.spec import EventSpec, Learner, Log, Rule
from schemas.events.texts import Account, ConferenceId, PostedHashtag, PostId

Backfilled = Annotated[bool, Meta(description="Added to this log later, by a backfill of earlier posts.")]


class ActivityPosted(Event, frozen=True, kw_only=True, tag="activity.posted"):
    """A post. ``conference``: set by the router to the log that gets this copy."""

    actor: Account
    hashtags: tuple[PostedHashtag, ...]
    mentions: tuple[Account, ...]
    reply_to: Account | None = None
    repost_of: Account | None = None
    conference: ConferenceId | None = None
    backfilled: Backfilled = False

    spec = EventSpec(
        meaning="A post. With `conference` it goes to that log and is not routed. `backfilled` is set if it was added "
        "to this log later, by a backfill of earlier posts",
        senders={"attendee": Rule.UPLOAD, "connector": Rule.POSTS},
        log=Log.ROUTED,
        learners=(Learner.ROUTER,),
        subject="actor",
        exported=("hashtags", "backfilled"),
        withheld=("actor", "mentions", "reply_to", "repost_of"),
        post="id",
        sample={
            "id": "bsky:3lk2v7",
            "actor": "bsky:ada.example.org",
            "hashtags": ["hitsm"],
            "mentions": ["bsky:bob.example.org"],
            "reply_to": "bsky:bob.example.org",
        },
    )


class ActivityDeleted(Event, frozen=True, kw_only=True, tag="activity.deleted"):
    """A post was deleted by its actor."""

    actor: Account
    deleted: PostId
    conference: ConferenceId | None = None
    backfilled: Backfilled = False

    spec = EventSpec(
        meaning="Counts only if it is from the post's actor; it may arrive before the post",
        senders={"connector": Rule.POSTS},
        log=Log.ROUTED,
        learners=(),
        subject="actor",
        exported=("deleted", "backfilled"),
        withheld=("actor",),
        post="deleted",
        sample={"actor": "bsky:ada.example.org", "deleted": "bsky:3lk2v7"},
    )


Activity = ActivityPosted | ActivityDeleted
