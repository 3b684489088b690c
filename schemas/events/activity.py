"""What people post elsewhere.

Why: a connector knows posts. An organizer brings none: else it could make two strangers known to each other. The log
believes a deletion whoever brings it (``source`` counts for posts only), so connectors alone bring them.
"""

from typing import Annotated

from msgspec import Meta

from schemas.events.base import Event
from schemas.events.spec import EventSpec, Learner, Log, Rule
from schemas.events.texts import Account, ConferenceId, PostedHashtag, PostId

Backfilled = Annotated[bool, Meta(description="It came into this log afterwards, as what was said before.")]


class ActivityPosted(Event, frozen=True, kw_only=True, tag="activity.posted"):
    """A post. ``conference`` is set by the router: it goes to that log."""

    actor: Account
    hashtags: tuple[PostedHashtag, ...]
    mentions: tuple[Account, ...]
    reply_to: Account | None = None
    repost_of: Account | None = None
    conference: ConferenceId | None = None
    backfilled: Backfilled = False

    spec = EventSpec(
        meaning="A post. With `conference` it goes to that log and is not routed. `backfilled` is set where it came "
        "into this log afterwards, as what was said before",
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
        meaning="Counts only from the post's actor, also when it comes before the post",
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
