"""Accounts and ids out, tokens in: the last step before the log.

Owns: which fields name somebody. May never: let one of them through as it was; a new field that names somebody
is added here, and a test looks at every text of every event.
Theory: a batch is translated with one question for all of its accounts and none for its posts. Holdings, and the way
back from posts, are written before the log has the event: better one too many to erase than one too few. The id of any
other event is its sender's own and may name somebody (``scan-zquix-2``), so it becomes a keyed digest of source,
conference and id: the same again is the same, and nobody takes an id that somebody else needs.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

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
from schemas.times import millis
from services.admission.registration import WAITS
from services.admission.sender import OWNER, Refused, source_of
from services.directory.port import Account, Claims, Held, Holding, NamedPost, PostRef, Tokens

Rows = Mapping[str, Account]


class Door(Tokens, Protocol):
    """The directory as the translation uses it."""

    def gone(self, conference: str, attendee: str) -> bool:
        """Whether this id was erased."""
        ...

    def awaits_own_word(self, conference: str, attendee: str, accounts: Collection[str]) -> bool:
        """Whether nobody else may register this attendee with these accounts."""
        ...

    def at_hand(self, accounts: Iterable[str]) -> Rows | None:
        """The rows of these accounts, where they, and any post of theirs, have their tokens in memory."""
        ...


_HOLDS: dict[type, Holding] = {
    AttendeeRegistered: "claimed",
    AccountVerified: "verified",
    AccountReleased: "released",
}


class Translated(NamedTuple):
    """The events as the log may have them, or why not; and the posts whose way back is to be kept before."""

    events: list[Input | Refused]
    posts: list[NamedPost]


def at_hand(events: Sequence[Input], directory: Door) -> Rows | None:
    """The rows with which these are translated out of memory, so that nobody is waited for; None: it needs files."""
    if any(type(event) in _HOLDS for event in events):
        return None
    return directory.at_hand({account for event in events for account in accounts_in(event)})


def translated(events: Sequence[Input], directory: Door, rows: Rows | None = None) -> Translated:
    """Who was erased is not registered or verified again, but by their own word. ``rows``: those ``at_hand``."""
    taken = [_unless_gone(event, directory) for event in events]
    good = [event for event in taken if not isinstance(event, Refused)]
    if rows is None:
        rows = directory.rows_for([account for event in good for account in accounts_in(event)])
    about = [event for event in good if isinstance(event, ActivityPosted | ActivityDeleted)]
    named = directory.named_posts([_post_in(event) for event in about], rows) if about else []
    held = [item for event in good for item in _held(event, rows)]
    claims = [_claims(event, rows) for event in good if isinstance(event, AttendeeRegistered)]
    if claims:
        directory.replace_claims(claims)
    if held:
        directory.hold(held)
    posts = iter(named)
    told = [
        event if isinstance(event, Refused) else replace(event, **_changes(event, rows, posts, directory))
        for event in taken
    ]
    return Translated(told, [post for post, event in zip(named, about, strict=True) if type(event) is ActivityPosted])


def _unless_gone(event: Input, directory: Door) -> Input | Refused:
    if isinstance(event, AttendeeRegistered | AccountVerified) and directory.gone(event.conference, event.attendee):
        return Refused("This attendee was erased; the id is not used again.", "gone", "attendee")
    if not isinstance(event, AttendeeRegistered) or event.source == source_of(OWNER):
        return event
    waits = directory.awaits_own_word(event.conference, event.attendee, event.accounts)
    return Refused(WAITS, "forbidden", "attendee") if waits else event


def accounts_in(event: Input) -> list[str]:
    """Every account that an event names."""
    match event:
        case ActivityPosted():
            return [event.actor, *event.mentions, *filter(None, (event.reply_to, event.repost_of))]
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


def _post_in(event: ActivityPosted | ActivityDeleted) -> PostRef:
    return PostRef(event.id if isinstance(event, ActivityPosted) else event.deleted, event.actor, millis(event.at))


def _held(event: Input, rows: Rows) -> list[Held]:
    how = _HOLDS.get(type(event))
    if how is None:
        return []
    assert isinstance(event, AttendeeRegistered | AccountVerified | AccountReleased)
    return [Held(event.conference, event.attendee, rows[account].token, how) for account in accounts_in(event)]


def _claims(event: AttendeeRegistered, rows: Rows) -> Claims:
    return Claims(event.conference, event.attendee, tuple([rows[account].token for account in event.accounts]))


def _changes(event: Input, rows: Rows, posts: Iterator[NamedPost], directory: Door) -> dict[str, Any]:
    match event:
        case ActivityPosted():
            return {
                "id": next(posts).token,
                "actor": rows[event.actor].token,
                "mentions": tuple([rows[account].token for account in event.mentions]),
                "reply_to": rows[event.reply_to].token if event.reply_to is not None else None,
                "repost_of": rows[event.repost_of].token if event.repost_of is not None else None,
            }
        case ActivityDeleted():
            return {"actor": rows[event.actor].token, "deleted": next(posts).token} | _id(event, directory)
        case AttendeeRegistered():
            return {"accounts": tuple([rows[account].token for account in event.accounts])} | _id(event, directory)
        case AccountVerified() | AccountReleased():
            return {"account": rows[event.account].token} | _id(event, directory)
        case AttendeeBlocked() | AttendeeUnblocked():
            return {"blocked": rows[event.blocked].token if event.blocked in rows else event.blocked} | _id(
                event, directory
            )
        case _:
            return _id(event, directory)


def _id(event: Input, directory: Door) -> dict[str, str]:
    # Neither a source nor a conference has a space in it, so no two of these texts are the same by chance.
    return {"id": f"e-{directory.trace(f'{event.source} {event.conference} {event.id}')}"}
