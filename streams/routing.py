"""Which conferences' logs an event belongs to.

Owns: the hashtags that conferences track, and their accounts, learnt from the events that pass. May never: change evidence or
ask anybody; what it has not seen it does not know (a conference opened later gets the past by backfill).
Theory: a post goes to every open conference that tracks one of its hashtags, or in which its actor and somebody addressed are
registered; a deletion goes where its actor's posts went, also when it comes before the post.
"""

from msgspec.structs import replace

from schemas.events import (
    AccountReleased,
    AccountVerified,
    ActivityDeleted,
    ActivityPosted,
    AttendeeErased,
    AttendeeRegistered,
    ConferenceClosed,
    ConferenceOpened,
    Input,
)

MOST_DELETIONS = 100_000  # remembered in case their posts come later
MOST_ACTORS = 1_000_000  # of whom is remembered where their posts went; then the half that was not seen for longest goes


class Router:
    """Routes events; one for all conferences."""

    def __init__(self) -> None:
        self._tracked: dict[str, set[str]] = {}
        self._tags: dict[str, set[str]] = {}
        self._accounts: dict[str, dict[tuple[str, str], None]] = {}
        self._registered: dict[tuple[str, str], set[str]] = {}
        self._went: dict[str, set[str]] = {}
        self._went_before: dict[str, set[str]] = {}
        self._deletions: dict[str, tuple[ActivityDeleted, set[str]]] = {}

    def route(self, event: Input) -> list[tuple[str, Input]]:
        """The (conference, event) pairs to append, in order."""
        if isinstance(event, ActivityPosted):
            return [(event.conference, event)] if event.conference else self._post(event)
        if isinstance(event, ActivityDeleted):
            return [(event.conference, event)] if event.conference else self._deletion(event)
        self._learn(event)
        return [(event.conference, event)]

    # -- what is learnt ------------------------------------------------------------------------------------------

    def _learn(self, event: Input) -> None:
        if isinstance(event, ConferenceOpened):
            tags = {*event.hashtags, *(chat.hashtag for chat in event.chats)}
            self._track(event.conference, tags)
        elif isinstance(event, ConferenceClosed):
            self._track(event.conference, set())
        elif isinstance(event, AttendeeRegistered):
            self._registered.setdefault((event.conference, event.attendee), set()).update(event.accounts)
            for account in event.accounts:
                self._accounts.setdefault(account, {})[event.conference, event.attendee] = None
        elif isinstance(event, AccountVerified):
            self._registered.setdefault((event.conference, event.attendee), set()).add(event.account)
            self._accounts.setdefault(event.account, {})[event.conference, event.attendee] = None
        elif isinstance(event, AccountReleased):
            self._forget(event.conference, event.attendee, event.account)
        elif isinstance(event, AttendeeErased):
            for account in self._registered.pop((event.conference, event.attendee), set()):
                self._forget(event.conference, event.attendee, account)

    def _track(self, conference: str, tags: set[str]) -> None:
        before = self._tags.get(conference, set())
        for tag in before - tags:
            self._tracked[tag].discard(conference)
        for tag in tags:
            self._tracked.setdefault(tag, set()).add(conference)
        self._tags[conference] = tags

    def _forget(self, conference: str, attendee: str, account: str) -> None:
        self._registered.get((conference, attendee), set()).discard(account)
        holders = self._accounts.get(account, {})
        holders.pop((conference, attendee), None)
        if not holders:
            self._accounts.pop(account, None)

    # -- activity ------------------------------------------------------------------------------------------------

    def _post(self, post: ActivityPosted) -> list[tuple[str, Input]]:
        conferences: set[str] = set()
        for tag in post.hashtags:
            conferences.update(self._tracked.get(tag, ()))
        of_actor = self._conferences_of(post.actor)
        if of_actor:
            for account in (*post.mentions, *([post.reply_to] if post.reply_to else ())):
                if account != post.actor:
                    conferences |= of_actor & self._conferences_of(account)
        if not conferences:
            return []
        self._remember(post.actor, conferences)
        routed: list[tuple[str, Input]] = []
        for conference in sorted(conferences):
            routed += self._deleted_before(post, conference)
            routed.append((conference, replace(post, conference=conference)))
        return routed

    def _conferences_of(self, account: str) -> set[str]:
        holders = self._accounts.get(account)
        return {conference for conference, _ in holders} if holders else set()

    def _remember(self, actor: str, conferences: set[str]) -> None:
        if actor not in self._went:
            if len(self._went) >= MOST_ACTORS // 2:
                self._went_before, self._went = self._went, {}
            self._went[actor] = set(self._went_before.get(actor, ()))
        self._went[actor] |= conferences

    def _deleted_before(self, post: ActivityPosted, conference: str) -> list[tuple[str, Input]]:
        """The post's deletion, where it came first and this conference has not got it."""
        deletion, went = self._deletions.get(post.id, (None, set()))
        if deletion is None or deletion.actor != post.actor or conference in went:
            return []
        went.add(conference)
        return [(conference, replace(deletion, conference=conference))]

    def _deletion(self, deletion: ActivityDeleted) -> list[tuple[str, Input]]:
        went = set(self._went.get(deletion.actor, self._went_before.get(deletion.actor, ())))
        self._deletions.pop(deletion.deleted, None)
        if len(self._deletions) >= MOST_DELETIONS:
            del self._deletions[next(iter(self._deletions))]
        self._deletions[deletion.deleted] = (deletion, went)
        return [(conference, replace(deletion, conference=conference)) for conference in sorted(went)]
