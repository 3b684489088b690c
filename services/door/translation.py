"""Accounts and ids out, tokens in: the last step before the log.

Owns: which fields name somebody. May never: let one of them through as it was; a new field that names somebody
is added here, and a test looks at every text of every event.
Theory: a batch is translated with one question for all of its accounts and one for all of its posts. Holdings are
written before the log has the event: better one too many to erase than one too few. Ids of other events than posts are
the sender's: an attendee's, and those that are not in the plain form of ids (they may hold an address or a handle),
become a keyed digest of source and id: the same again is the same, and nobody takes an id that somebody else needs.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from msgspec.structs import replace

from schemas.events import (
    AccountReleased,
    AccountVerified,
    ActivityDeleted,
    ActivityPosted,
    AttendeeBlocked,
    AttendeeRegistered,
    AttendeeUnblocked,
    Input,
)
from schemas.names import plain_id
from schemas.times import millis
from services.directory.port import Held, Holding, PostRef, Tokens
from services.door.sender import Refused


class Door(Tokens, Protocol):
    """The directory as the translation uses it."""

    def gone(self, conference: str, attendee: str) -> bool:
        """Whether this id was erased."""
        ...


_HOLDS: dict[type, Holding] = {
    AttendeeRegistered: "claimed",
    AccountVerified: "verified",
    AccountReleased: "released",
}


def translated(events: Sequence[Input], directory: Door) -> list[Input | Refused]:
    """The events as the log may have them; who was erased is not registered or verified again."""
    taken = [_unless_gone(event, directory) for event in events]
    good = [event for event in taken if not isinstance(event, Refused)]
    tokens = directory.tokens_for([account for event in good for account in accounts_in(event)])
    refs = [ref for event in good for ref in _posts_in(event)]
    posts = iter(directory.post_tokens(refs) if refs else ())
    held = [item for event in good for item in _held(event, tokens)]
    if held:
        directory.hold(held)
    return [
        event if isinstance(event, Refused) else replace(event, **_changes(event, tokens, posts, directory))
        for event in taken
    ]


def _unless_gone(event: Input, directory: Door) -> Input | Refused:
    if isinstance(event, AttendeeRegistered | AccountVerified) and directory.gone(event.conference, event.attendee):
        return Refused("This attendee was erased; the id is not used again.", "gone", "attendee")
    return event


def accounts_in(event: Input) -> list[str]:
    """Every account that an event names."""
    match event:
        case ActivityPosted():
            more = [account for account in (event.reply_to, event.repost_of) if account is not None]
            return [event.actor, *event.mentions, *more]
        case ActivityDeleted():
            return [event.actor]
        case AttendeeRegistered():
            return list(event.accounts)
        case AccountVerified() | AccountReleased():
            return [event.account]
        case AttendeeBlocked() | AttendeeUnblocked():
            return [event.blocked] if ":" in event.blocked else []
        case _:
            return []


def _posts_in(event: Input) -> list[PostRef]:
    match event:
        case ActivityPosted():
            return [PostRef(event.id, event.actor, millis(event.at))]
        case ActivityDeleted():
            return [PostRef(event.deleted, event.actor, millis(event.at))]
        case _:
            return []


def _held(event: Input, tokens: dict[str, str]) -> list[Held]:
    how = _HOLDS.get(type(event))
    if how is None or not isinstance(event, AttendeeRegistered | AccountVerified | AccountReleased):
        return []
    return [Held(event.conference, event.attendee, tokens[account], how) for account in accounts_in(event)]


def _changes(event: Input, tokens: dict[str, str], posts: Iterator[str], directory: Door) -> dict[str, Any]:
    match event:
        case ActivityPosted():
            return {
                "id": next(posts),
                "actor": tokens[event.actor],
                "mentions": tuple([tokens[account] for account in event.mentions]),
                "reply_to": tokens[event.reply_to] if event.reply_to is not None else None,
                "repost_of": tokens[event.repost_of] if event.repost_of is not None else None,
            }
        case ActivityDeleted():
            return {"actor": tokens[event.actor], "deleted": next(posts)} | _id(event, directory)
        case AttendeeRegistered():
            return {"accounts": tuple([tokens[account] for account in event.accounts])} | _id(event, directory)
        case AccountVerified() | AccountReleased():
            return {"account": tokens[event.account]} | _id(event, directory)
        case AttendeeBlocked() | AttendeeUnblocked():
            return {"blocked": tokens.get(event.blocked, event.blocked)} | _id(event, directory)
        case _:
            return _id(event, directory)


def _id(event: Input, directory: Door) -> dict[str, str]:
    source = event.source or ""
    if not source.startswith("attendee:"):
        try:
            return {"id": plain_id(event.id)}
        except ValueError:
            pass  # any text is an id; this one is not for the log
    return {"id": f"e-{directory.trace(f'{source} {event.id}')}"}
