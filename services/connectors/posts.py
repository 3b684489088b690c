"""Posts of any network, as connectors bring them: their bounds, their hashtags, and the event that each becomes."""

from functools import lru_cache

from schemas.events import ActivityPosted
from schemas.names import normalize_posted_hashtag
from schemas.times import MINUTE_MS, format_time
from services.connectors.port import PostSeen

LATE_MS = 10 * MINUTE_MS  # what a writer's clock may be behind; contract: 10 minutes ahead
MOST_NAMES = 50  # of hashtags and of mentions; above 10 mentions a post is no conversation anyway
ID_CHARS = 512


@lru_cache(maxsize=10_000)
def hashtag_of(text: str) -> str | None:
    """A hashtag in its normal form; None where it is none. Give it no longer text than a name may have."""
    try:
        return normalize_posted_hashtag(text)
    except ValueError:
        return None


def posted_event(post: PostSeen, conference: str) -> ActivityPosted:
    """The event of a post, for one conference's log."""
    return ActivityPosted(
        id=post.id,
        at=format_time(post.at),
        actor=post.actor,
        hashtags=post.hashtags,
        mentions=post.mentions,
        reply_to=post.reply_to,
        conference=conference,
    )
