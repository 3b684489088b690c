"""Brings an attendee's earlier posts into their conference, as their own uploads, and removes them again.

Invariants:
- Nothing is taken before the person has seen how much it is and said so. Until then it is in memory alone.
- What is taken are own uploads by the contract: posts of an account that the person has proved, in this conference.
- Removing covers everything that the person has ever uploaded here, whoever they are to the log.
Why: the counts say nothing about who is registered here: people are counted as the file names them.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from schemas.events import ActivityDeleted
from schemas.times import DAY_MS, MINUTE_MS, format_time
from services.admission.conference_registry import ConferenceRegistry
from services.admission.event_admission import EventAdmission
from services.admission.sender import VERIFIER, Sender
from services.api.attendee.account_states import AccountStates
from services.api.shared.guard import Caller
from services.api.shared.problems import ProblemError
from services.connectors.bluesky.posts import addressed
from services.connectors.bluesky.repository import Past, RepositoryError, read_past
from services.connectors.bluesky.repository_source import RepositorySource
from services.connectors.port import PostSeen
from services.connectors.posts import posted_event
from services.directory.port import EVIDENCE_DAYS, Directory
from services.journal import Journal

MOST_POSTS = 20_000  # of one person: of the newest; about 10 MB until they decide
MOST_WAITING_POSTS = 200_000  # of all who have not decided yet
MOST_AT_ONCE = 2  # files in memory
DECIDE_MS = 15 * MINUTE_MS
_PART_POSTS = 200
Scope = Literal["hashtags", "conversations"]
Charge = Callable[[str, str, int], None]


class HashtagCount(Struct, frozen=True):
    """How many posts have a hashtag of the conference."""

    hashtag: str
    posts: int


class PastCount(Struct, frozen=True):
    """What there is to take. ``people``: how many these posts address; ``replies``: to others."""

    posts: int
    replies: int
    people: int


class PastShown(Struct, frozen=True):
    """What was found: posts with the conference's hashtags, and all posts that address somebody. ``oldest`` and
    ``newest``: null where nothing was found. ``is_cut``: only the newest were read."""

    account: str
    hashtags: PastCount
    conversations: PastCount
    by_hashtag: tuple[HashtagCount, ...]
    oldest: str | None
    newest: str | None
    is_cut: bool


class PastTaken(Struct, frozen=True):
    """What was taken. ``known``: the log had them already."""

    accepted: int
    known: int
    rejected: int


class PastRemoved(Struct, frozen=True):
    """How many posts were removed."""

    removed: int


class _Waiting(Struct, frozen=True):
    past: Past
    until: int


class _Row(Struct):
    type: str
    id: str = ""
    actor: str = ""
    source: str = ""
    deleted: str = ""


class OwnPast:
    """Used on the event loop."""

    def __init__(
        self,
        source: RepositorySource,
        admission: EventAdmission,
        directory: Directory,
        journal: Journal,
        conferences: ConferenceRegistry,
        states: AccountStates,
        charge: Charge,
    ) -> None:
        self._source, self._admission, self._directory, self._journal = source, admission, directory, journal
        self._conferences, self._states, self._charge = conferences, states, charge
        self._waiting: dict[tuple[str, str], _Waiting] = {}
        self._turn = asyncio.Semaphore(MOST_AT_ONCE)

    # -- looking ---------------------------------------------------------------------------------------------------

    async def fetch(self, caller: Caller) -> PastShown:
        """Reads the posts from the person's own server. ProblemError 409, 429, 503."""
        proved = await self._proved(caller)
        if len(proved) != 1:
            detail = "You proved several Bluesky accounts. Upload the file of the one that you mean."
            raise ProblemError(409, "account", detail)
        async with self._one_of_few():
            try:
                data = await self._source.fetch(proved[0].partition(":")[2])
            except RepositoryError as error:
                raise ProblemError(409, "repository", str(error)) from None
            return await self._read(caller, data, proved)

    async def upload(self, caller: Caller, data: bytes) -> PastShown:
        """Reads the posts from a file. ProblemError 409, 422, 429."""
        proved = await self._proved(caller)
        async with self._one_of_few():
            return await self._read(caller, data, proved)

    async def _proved(self, caller: Caller) -> list[str]:
        accounts = await self._states.read(caller.conference, caller.subject)
        found = [each.account for each in accounts if each.verified and each.account.startswith("bsky:did:")]
        if not found:
            raise ProblemError(409, "account", "Prove your Bluesky account first, by a code or by signing in.")
        return found

    def _one_of_few(self) -> asyncio.Semaphore:
        if self._turn.locked():
            raise ProblemError(503, "busy", "Others are bringing their posts. Try again in a minute.", retry_s=30)
        return self._turn

    async def _read(self, caller: Caller, data: bytes, proved: Collection[str]) -> PastShown:
        now = self._admission.clock()
        oldest = now - EVIDENCE_DAYS * DAY_MS + DAY_MS  # not one that is too old when it is taken
        try:
            past = await asyncio.to_thread(read_past, data, oldest, now, MOST_POSTS)
        except RepositoryError as error:
            raise ProblemError(422, "repository", str(error)) from None
        account = f"bsky:{past.did.lower()}"
        if account not in proved:
            raise ProblemError(409, "account", "This file is of another account than the one that you proved.")
        self._forget_old(now)
        key = (caller.conference, caller.subject)
        self._waiting.pop(key, None)
        if sum(len(each.past.posts) for each in self._waiting.values()) + len(past.posts) > MOST_WAITING_POSTS:
            raise ProblemError(503, "busy", "Others are bringing their posts. Try again in a few minutes.", retry_s=60)
        self._waiting[key] = _Waiting(past, now + DECIDE_MS)
        return self._shown(account, past, self._tracked(caller.conference))

    def _forget_old(self, now: int) -> None:
        for key in [key for key, each in self._waiting.items() if each.until <= now]:
            del self._waiting[key]

    def _tracked(self, conference: str) -> frozenset[str]:
        entry = self._conferences.get(conference)
        if entry is None or entry.opened is None:
            return frozenset()
        return frozenset({*entry.opened.hashtags, *(chat.hashtag for chat in entry.opened.chats)})

    @staticmethod
    def _shown(account: str, past: Past, tracked: frozenset[str]) -> PastShown:
        by_hashtag = Counter(tag for post in past.posts for tag in post.hashtags if tag in tracked)
        chosen = [*in_scope(past.posts, "conversations", tracked)]
        return PastShown(
            account=account,
            hashtags=_count(list(in_scope(past.posts, "hashtags", tracked))),
            conversations=_count(chosen),
            by_hashtag=tuple(HashtagCount(tag, posts) for tag, posts in sorted(by_hashtag.items())),
            oldest=format_time(min(post.at for post in chosen)) if chosen else None,
            newest=format_time(max(post.at for post in chosen)) if chosen else None,
            is_cut=past.is_cut,
        )

    # -- taking and removing ---------------------------------------------------------------------------------------

    async def take(self, caller: Caller, scope: Scope) -> PastTaken:
        """Takes what was shown last. Sent again after an error, it goes on. ProblemError 409, 429; raises as
        ``Runner.take``."""
        self._forget_old(self._admission.clock())
        key = (caller.conference, caller.subject)
        waiting = self._waiting.get(key)
        if waiting is None:
            raise ProblemError(409, "past", "There is nothing to take any more. Look for your posts again.")
        posts = list(in_scope(waiting.past.posts, scope, self._tracked(caller.conference)))
        counts: Counter[str] = Counter()
        for start in range(0, len(posts), _PART_POSTS):
            part = posts[start : start + _PART_POSTS]
            self._charge("upload", caller.payer, len(part))
            events = [posted_event(post, caller.conference) for post in part]
            counts.update([result.status for result in await self._admission.admit_events(events, caller.sender)])
        self._waiting.pop(key, None)
        return PastTaken(counts["accepted"], counts["duplicate"], counts["rejected"])

    async def forget(self, caller: Caller) -> None:
        """Forgets what was shown and not taken."""
        self._waiting.pop((caller.conference, caller.subject), None)

    async def remove(self, caller: Caller) -> PastRemoved:
        """Removes everything that this person has ever uploaded here. Raises as ``Runner.take``."""
        await self.forget(caller)
        deletions = await asyncio.to_thread(self._deletions, caller.conference, caller.subject)
        sender = Sender(role="connector", id=VERIFIER.id, conferences=frozenset({caller.conference}))
        removed = 0
        for start in range(0, len(deletions), _PART_POSTS):
            results = await self._admission.admit_events(deletions[start : start + _PART_POSTS], sender)
            removed += sum(result.status == "accepted" for result in results)
        return PastRemoved(removed)

    def _deletions(self, conference: str, attendee: str) -> list[ActivityDeleted]:
        source, own, gone = f"attendee:{attendee}", dict[str, str](), set[str]()
        for row in self._journal.read(conference, 0):
            if not row.line.startswith(b'{"type":"activity.'):
                continue
            event = msgspec.json.decode(row.line, type=_Row)
            if event.deleted:
                gone.add(event.deleted)
            elif event.source == source:
                own[event.id] = event.actor
        tokens = own.keys() - gone
        posts = self._directory.originals(tokens)
        actors = self._directory.accounts.accounts_of({own[token] for token in tokens})
        at = format_time(self._admission.clock())
        return [
            ActivityDeleted(
                id=f"withdrawn {token}", at=at, conference=conference, actor=actors[own[token]], deleted=posts[token]
            )
            for token in sorted(tokens)
            if token in posts and own[token] in actors
        ]


def in_scope(posts: Sequence[PostSeen], scope: Scope, tracked: Collection[str]) -> Iterator[PostSeen]:
    """The posts to take: with a hashtag of the conference, or also all others that address somebody."""
    for post in posts:
        has_hashtag = any(tag in tracked for tag in post.hashtags)
        if has_hashtag or (scope == "conversations" and any(other != post.actor for other in addressed(post))):
            yield post


def _count(posts: Sequence[PostSeen]) -> PastCount:
    replies = sum(post.reply_to is not None and post.reply_to != post.actor for post in posts)
    people = {other for post in posts for other in addressed(post) if other != post.actor}
    return PastCount(len(posts), replies, len(people))
