"""Posts as they reach the log: late, twice, deleted; and who addressed whom.

Responsibility: the way of a post from its author to the log. It does not choose who says what.

Numbers and reasons:
- Recorded 0.4 to 4 s after they were written, as streams of networks are.
- 1.5 % late by 5 minutes to 8 hours: a connector reconnects and reads what it missed.
- 1.2 % twice: in five real data sets 136 of 16,586 ids come twice; here half by the same stream at once,
  half by the organizer's archive a day later (with ``conference`` set, as the router leaves backfill
  alone).
- Who uploads their archive brings what they posted before they proved the account, within two days after.
- 1 % deleted, most within the hour (typing mistakes); one in eight deletions overtakes its post, as they
  come by two connections.
"""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec.structs import replace

from schemas.events import ActivityDeleted, ActivityPosted
from schemas.times import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from services.tools.simulation.log import Log, text
from services.tools.simulation.people import Voice, attendee_id
from services.tools.simulation.randomness import Chance, Quota
from services.tools.simulation.schedule import CONFERENCE, ORGANIZER
from services.tools.simulation.ties import Ties

LATE_SHARE = 0.015
DOUBLE_SHARE = 0.012
DELETED_SHARE = 0.01
BLAST = 10  # who addresses more is in no conversation (contract)
NOBODY: tuple[Voice, ...] = ()


class Posts:
    """Writes posts into the log, and into the ties whom they address."""

    def __init__(self, log: Log, ties: Ties, seed: int, uploads: Mapping[int, int] = MappingProxyType({})) -> None:
        self._ties = ties
        self._uploads = uploads
        self._log = log
        self._chance = chance = Chance(seed, "posts")
        self._native = 1_000_000
        self._late = Quota(chance, LATE_SHARE)
        self._double = Quota(chance, DOUBLE_SHARE)
        self._archived = Quota(chance, 0.5, first=0)
        self._deleted = Quota(chance, DELETED_SHARE)
        self._overtaken = Quota(chance, 0.125, first=0)

    def say(
        self,
        voice: Voice,
        at: int,
        tags: tuple[str, ...],
        mentions: tuple[Voice, ...] = NOBODY,
        reply_to: Voice | None = None,
        repost_of: Voice | None = None,
    ) -> None:
        """One post, ``at`` in ms, and all that happens to it."""
        chance = self._chance
        post = self._post(voice, at, tags, mentions, reply_to, repost_of)
        proved = self._uploads.get(voice.person, at)
        if at < proved:
            source = f"attendee:{attendee_id(voice.person)}"
            upload = replace(post, source=source, conference=CONFERENCE)
            self._log.add(proved + chance.soon(HOUR_MS, 2 * DAY_MS), upload)
        else:
            self._stream(post, at)
        if repost_of is None and len(mentions) <= BLAST:
            for other in mentions if reply_to is None or reply_to in mentions else (*mentions, reply_to):
                self._ties.address(voice.person, other.person, at // DAY_MS)

    def _stream(self, post: ActivityPosted, at: int) -> None:
        """A connector brings the post, and what happens to it then."""
        chance = self._chance
        recorded = at + chance.between(400, 4_000)
        if self._late.due():
            recorded = at + chance.soon(5 * MINUTE_MS, 8 * HOUR_MS)
        if self._deleted.due():
            recorded = self._delete(post, at, recorded)
        self._log.add(recorded, post)
        if self._double.due():
            self._again(post, recorded)

    def _post(
        self,
        voice: Voice,
        at: int,
        tags: tuple[str, ...],
        mentions: tuple[Voice, ...],
        reply_to: Voice | None,
        repost_of: Voice | None,
    ) -> ActivityPosted:
        chance = self._chance
        actor = voice.accounts[-1 if chance.unit() < 0.1 else 0]
        self._native += chance.between(1, 900)
        network = actor[: actor.index(":")]
        return ActivityPosted(
            id=f"{network}:{self._native}",
            at=text(at),
            source=f"connector:{network}",
            actor=actor,
            hashtags=tags,
            mentions=tuple([other.accounts[0] for other in mentions]),
            reply_to=None if reply_to is None else reply_to.accounts[0],
            repost_of=None if repost_of is None else repost_of.accounts[0],
        )

    def _delete(self, post: ActivityPosted, at: int, recorded: int) -> int:
        """Deletes the post; gives when the post itself is recorded."""
        chance = self._chance
        deleted = at + chance.soon(20 * SECOND_MS, HOUR_MS if chance.likely(0.8) else 9 * DAY_MS)
        overtaken = self._overtaken.due()
        event = ActivityDeleted(
            id=self._log.next_id(),
            at=text(deleted),
            source=post.source,
            actor=post.actor,
            deleted=post.id,
            # Without its post nobody knows where a deletion belongs: this one is brought for the conference.
            conference=CONFERENCE if overtaken else None,
        )
        self._log.add(deleted + 900, event)
        return deleted + chance.soon(MINUTE_MS, 3 * HOUR_MS) if overtaken else recorded

    def _again(self, post: ActivityPosted, recorded: int) -> None:
        chance = self._chance
        if self._archived.due():
            copy = replace(post, source=f"organizer:{ORGANIZER}", conference=CONFERENCE)
            self._log.add(recorded + chance.between(DAY_MS, 2 * DAY_MS), copy)
        else:
            self._log.add(recorded + chance.soon(SECOND_MS, 10 * MINUTE_MS), post)
