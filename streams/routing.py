"""Decides to which conferences' logs an event goes.

Responsibility: the hashtags and accounts that conferences track, learned from the events that pass.
Invariants: evidence is never changed, and nobody is asked. The router knows only what it has seen: a conference that is
opened later gets earlier posts by backfill.
Why: a post goes to every open conference that tracks one of its hashtags, or in which its actor and somebody it
addresses are registered. A deletion goes where its actor's posts went, also if it arrives before the post.
"""

from collections.abc import Callable, Iterator, Sequence, Set
from typing import Any, Self

import msgspec
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
    Event,
    Input,
    Learner,
    check_handlers,
    learned_by,
)

NONE: frozenset[str] = frozenset()
MAX_TAG_SETS = 100_000
MAX_DELETIONS = 100_000  # remembered in case their posts arrive later
MAX_ACTORS = 1_000_000  # whose posts' conferences are remembered; then the half unseen for longest is dropped


class _Saved(msgspec.Struct):
    """A router's saved knowledge. ``registered``: (conference, attendee, accounts); ``deletions``: (event, logs)."""

    tags: dict[str, list[str]]
    ended: list[str]
    registered: list[tuple[str, str, list[str]]]
    went: list[tuple[str, list[str]]]
    deletions: list[tuple[ActivityDeleted, list[str]]]


class Router:
    """Routes events, for all conferences."""

    def __init__(self) -> None:
        self._tracked: dict[str, set[str]] = {}
        self._tags: dict[str, set[str]] = {}
        self._by_tags: dict[tuple[str, ...], frozenset[str]] = {}
        self._accounts: dict[str, dict[tuple[str, str], None]] = {}
        self._registered: dict[tuple[str, str], set[str]] = {}
        self._went: dict[str, set[str]] = {}
        self._went_before: dict[str, set[str]] = {}
        self._deletions: dict[tuple[str, str], tuple[ActivityDeleted, set[str]]] = {}
        self._ended: set[str] = set()

    @property
    def open_conferences(self) -> Set[str]:
        """The conferences to which posts are routed."""
        return self._tags.keys()

    def route(self, event: Input) -> list[tuple[str, Input]]:
        """The (conference, event) pairs to append, in order; empty if no conference tracks the event."""
        if event.conference is not None:
            self.learn(event)
            return [(event.conference, event)]
        return self._route_post(event) if isinstance(event, ActivityPosted) else self._route_deletion(event)

    def indices_to_route(self, events: Sequence[Input | None]) -> Iterator[int]:
        """Yields the indices of events that ``route`` may have to route, and of None entries.

        Nearly all posts go to no conference; they are skipped without a call for each. The caller must route each event
        before it takes the next index, since learning from one event affects the next.
        """
        by_tags, accounts = self._by_tags, self._accounts
        return (
            index
            for index, event in enumerate(events)
            if type(event) is not ActivityPosted
            or event.conference is not None
            or by_tags.get(event.hashtags, True)  # True: not looked up yet
            or event.actor in accounts
        )

    # -- saving and restoring ------------------------------------------------------------------------------------

    def save(self) -> bytes:
        """All that the router knows, as bytes for ``restore``."""
        went = {**self._went_before, **self._went}
        return msgspec.json.encode(
            _Saved(
                {conference: sorted(tags) for conference, tags in self._tags.items()},
                sorted(self._ended),
                [(conference, who, sorted(has)) for (conference, who), has in self._registered.items()],
                [(actor, sorted(conferences)) for actor, conferences in went.items()],
                [(deletion, sorted(conferences)) for deletion, conferences in self._deletions.values()],
            )
        )

    @classmethod
    def restore(cls, data: bytes) -> Self:
        """A router from ``save``. msgspec.MsgspecError: saved by another version; learn again from the log."""
        saved = msgspec.json.decode(data, type=_Saved)
        router = cls()
        router._ended.update(saved.ended)
        for conference, tags in saved.tags.items():
            router._track(conference, set(tags))
        for conference, attendee, accounts in saved.registered:
            for account in accounts:
                router._add(conference, attendee, account)
        for actor, conferences in saved.went:
            router._remember_actor(actor, set(conferences))
        for deletion, conferences in saved.deletions:
            router._deletions[deletion.deleted, deletion.actor] = (deletion, set(conferences))
        return router

    def restore_deletion(self, deletion: ActivityDeleted) -> None:
        """Remembers a deletion whose conferences are unknown: if its post arrives, the deletion goes before it."""
        self._remember_deletion(deletion, set())

    def forget(self, conference: str, *, is_over: bool = True) -> None:
        """Forgets an erased conference, except that it is over; without ``is_over`` its name may be used again.

        Scans everything that the router knows.
        """
        self._track(conference, None)
        (self._ended.add if is_over else self._ended.discard)(conference)
        for name, attendee in [key for key in self._registered if key[0] == conference]:
            for account in list(self._registered.pop((name, attendee))):
                self._forget(name, attendee, account)
        for known in (self._went, self._went_before):
            for actor in [actor for actor, went in known.items() if conference in went]:
                known[actor].discard(conference)
                if not known[actor]:
                    del known[actor]
        for _, went in self._deletions.values():
            went.discard(conference)

    # -- learning ---------------------------------------------------------------------------------------------------

    def learn(self, event: Input) -> None:
        """Learns from an event of a conference; most teach nothing."""
        if type(event) is ActivityPosted:
            went = self._went.get(event.actor)
            if event.conference is not None and (went is None or event.conference not in went):
                self._remember_actor(event.actor, {event.conference})
            return
        learn = _LEARN.get(type(event))
        if learn is not None:
            learn(self, event)

    def _on_opened(self, event: ConferenceOpened) -> None:
        if event.conference not in self._ended:
            self._track(event.conference, {*event.hashtags, *(chat.hashtag for chat in event.chats)})

    def _on_closed(self, event: ConferenceClosed) -> None:
        """Final: nothing is routed to it any more."""
        self._ended.add(event.conference)
        self._track(event.conference, None)

    def _on_registered(self, event: AttendeeRegistered) -> None:
        for account in event.accounts:
            self._add(event.conference, event.attendee, account)

    def _on_verified(self, event: AccountVerified) -> None:
        self._add(event.conference, event.attendee, event.account)

    def _on_released(self, event: AccountReleased) -> None:
        self._forget(event.conference, event.attendee, event.account)

    def _on_erased(self, event: AttendeeErased) -> None:
        for account in list(self._registered.pop((event.conference, event.attendee), ())):
            self._forget(event.conference, event.attendee, account)

    def _add(self, conference: str, attendee: str, account: str) -> None:
        self._registered.setdefault((conference, attendee), set()).add(account)
        self._accounts.setdefault(account, {})[conference, attendee] = None

    def _track(self, conference: str, tags: set[str] | None) -> None:
        """Sets the hashtags of an open conference; None: it is not open."""
        for tag in self._tags.pop(conference, set()):
            self._tracked[tag].discard(conference)
        for tag in tags or ():
            self._tracked.setdefault(tag, set()).add(conference)
        if tags is not None:
            self._tags[conference] = tags
        self._by_tags.clear()

    def _forget(self, conference: str, attendee: str, account: str) -> None:
        self._registered.get((conference, attendee), set()).discard(account)
        holders = self._accounts.get(account, {})
        holders.pop((conference, attendee), None)
        if not holders:
            self._accounts.pop(account, None)

    # -- activity ------------------------------------------------------------------------------------------------

    def _route_post(self, post: ActivityPosted) -> list[tuple[str, Input]]:
        by_tags = self._by_tags.get(post.hashtags)
        if by_tags is None:
            by_tags = self._look_up(post.hashtags)
        conferences = by_tags
        of_actor = self._conferences_of(post.actor)
        if not of_actor <= by_tags:  # a conference tracks none of its hashtags, but knows its actor
            for account in (*post.mentions, *([post.reply_to] if post.reply_to else ())):
                if account != post.actor:
                    conferences = conferences | (of_actor & self._conferences_of(account))
        if not conferences:
            return []
        went = self._went.get(post.actor)
        if went is None or not conferences <= went:
            self._remember_actor(post.actor, conferences)
        routed: list[tuple[str, Input]] = []
        for conference in sorted(conferences):
            if (post.id, post.actor) in self._deletions:
                routed += self._earlier_deletion(post, conference)
            routed.append((conference, replace(post, conference=conference)))
        return routed

    def _look_up(self, hashtags: tuple[str, ...]) -> frozenset[str]:
        if len(self._by_tags) >= MAX_TAG_SETS:
            self._by_tags.clear()
        found = self._by_tags[hashtags] = frozenset().union(*(self._tracked.get(tag, ()) for tag in hashtags))
        return found

    def _conferences_of(self, account: str) -> Set[str]:
        holders = self._accounts.get(account)
        return {conference for conference, _ in holders if conference in self._tags} if holders else NONE

    def _remember_actor(self, actor: str, conferences: Set[str]) -> None:
        if actor not in self._went:
            if len(self._went) >= MAX_ACTORS // 2:
                self._went_before, self._went = self._went, {}
            self._went[actor] = set(self._went_before.get(actor, ()))
        self._went[actor] |= conferences

    def _earlier_deletion(self, post: ActivityPosted, conference: str) -> list[tuple[str, Input]]:
        """The post's deletion, if it arrived first and is not in this conference's log yet."""
        deletion, went = self._deletions[post.id, post.actor]
        if conference in went:
            return []
        went.add(conference)
        return [(conference, replace(deletion, conference=conference))]

    def _route_deletion(self, deletion: ActivityDeleted) -> list[tuple[str, Input]]:
        went = set(self._went.get(deletion.actor, self._went_before.get(deletion.actor, ())))
        self._remember_deletion(deletion, went)
        return [(conference, replace(deletion, conference=conference)) for conference in sorted(went)]

    def _remember_deletion(self, deletion: ActivityDeleted, went: set[str]) -> None:
        key = (deletion.deleted, deletion.actor)
        self._deletions.pop(key, None)
        if len(self._deletions) >= MAX_DELETIONS:
            del self._deletions[next(iter(self._deletions))]
        self._deletions[key] = (deletion, went)


# How it learns from each type, except posts: those are in ``learn`` itself.
_LEARN: dict[type[Event], Callable[[Router, Any], None]] = {
    ConferenceOpened: Router._on_opened,
    ConferenceClosed: Router._on_closed,
    AttendeeRegistered: Router._on_registered,
    AccountVerified: Router._on_verified,
    AccountReleased: Router._on_released,
    AttendeeErased: Router._on_erased,
}
check_handlers(_LEARN, learned_by(Learner.ROUTER) - {ActivityPosted}, "_LEARN of streams/routing.py")
