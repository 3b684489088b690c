"""A second router, slow and obviously correct: it stores all events and scans them for each new one.

Invariants: it shares no code with ``streams.routing``. Where the contract leaves a choice, it reads: registrations from
before the opening count, and a claim that a later registration omits continues (the matcher decides by ``at`` which of
two registrations is later).
"""

from typing import Any

import msgspec

Json = dict[str, Any]
Routed = list[tuple[str, Json]]


class SlowRouter:
    """Routes events given as plain objects."""

    def __init__(self) -> None:
        self._came: list[Json] = []
        self._went: list[tuple[str, Json]] = []  # posts and deletions that were routed, by conference

    def route(self, event: Json) -> Routed:
        """The (conference, event) pairs to append, in order."""
        if event.get("conference"):
            routed = [(event["conference"], event)]
        elif event["type"] == "activity.posted":
            routed = [
                pair for conference in self._conferences_of(event) for pair in self._with_deletion(event, conference)
            ]
        else:
            routed = [(conference, {**event, "conference": conference}) for conference in self._went_of(event["actor"])]
        self._came.append(event)
        if not event.get("conference") or event["type"] == "activity.posted":
            self._went += routed
        return routed

    def _conferences_of(self, post: Json) -> list[str]:
        known = {event["conference"] for event in self._came if event.get("conference")}
        return sorted(c for c in known if self._tracks(c, post) or self._has_pair(c, post))

    def _tracks(self, conference: str, post: Json) -> bool:
        tags: set[str] = set()
        for event in self._of(conference):
            if event["type"] == "conference.opened":
                tags = {*event["hashtags"], *(chat["hashtag"] for chat in event["chats"])}
            elif event["type"] == "conference.closed":
                return False
        return not tags.isdisjoint(post["hashtags"])

    def _has_pair(self, conference: str, post: Json) -> bool:
        here = self._accounts_in(conference)
        addressed = {*post["mentions"], post.get("reply_to")} - {post["actor"], None}
        return post["actor"] in here and not addressed.isdisjoint(here)

    def _accounts_in(self, conference: str) -> set[str]:
        had: set[tuple[str, str]] = set()
        if not any(event["type"] == "conference.opened" for event in self._of(conference)):
            return set()
        for event in self._of(conference):
            who = event.get("attendee")
            if event["type"] == "conference.closed":
                return set()
            if event["type"] == "attendee.registered":
                had |= {(who, account) for account in event["accounts"]}
            elif event["type"] == "account.verified":
                had.add((who, event["account"]))
            elif event["type"] == "account.released":
                had.discard((who, event["account"]))
            elif event["type"] == "attendee.erased":
                had = {(holder, account) for holder, account in had if holder != who}
        return {account for _, account in had}

    def _of(self, conference: str) -> list[Json]:
        return [event for event in self._came if event.get("conference") == conference]

    def _with_deletion(self, post: Json, conference: str) -> Routed:
        """The post, behind its newest deletion where that came before and this conference has not got it."""
        sent = {**post, "conference": conference}
        said = [event for event in self._came if self._deletes(event, post)]
        if said:
            before = {**said[-1], "conference": conference}
            if (conference, before) not in self._went:
                return [(conference, before), (conference, sent)]
        return [(conference, sent)]

    @staticmethod
    def _deletes(deletion: Json, post: Json) -> bool:
        return (
            deletion["type"] == "activity.deleted"
            and not deletion.get("conference")
            and (deletion["actor"], deletion["deleted"]) == (post["actor"], post["id"])
        )

    def _went_of(self, actor: str) -> list[str]:
        posts = [(conference, event) for conference, event in self._went if event["type"] == "activity.posted"]
        return sorted({conference for conference, event in posts if event["actor"] == actor})


def plain(event: Any) -> Json:
    """A Struct as a plain object, what is left out left out."""
    said = msgspec.to_builtins(event)
    assert isinstance(said, dict)
    return said
