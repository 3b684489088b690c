"""Replaces accounts and event ids by tokens: the last step before the log.

Responsibility: the types of an event's fields say which of them name somebody; here those are replaced.
Invariants: none of them reaches the log unchanged; a test checks every text field of every event.
Why: a batch takes one query for all of its accounts and none for its posts. Holdings, and the index of posts, are
written before the log has the event: an extra row to erase is better than a missing one. The id of any other event is
its sender's own and may name somebody (``scan-zquix-2``), so it becomes a keyed digest of source, conference and id:
the same event keeps the same id, and nobody can occupy an id that somebody else needs.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple, Protocol

from msgspec.structs import replace

from schemas.events import KINDS, Activity, AttendeeEvent, AttendeeRegistered, Event, Input
from schemas.events.fields import text_fields
from schemas.events.texts import Text
from schemas.times import millis
from services.admission.sender import OWNER, Refused, source_of
from services.directory.port import Account, Claims, Held, Holding, NamedPost, PostRef, Tokens

AWAITS_CONFIRMATION = (
    "Waits for this person's own confirmation: nobody is suggested to them before. Send them their link."
)
Rows = Mapping[str, Account]


class PseudonymDirectory(Tokens, Protocol):
    """The directory as pseudonymization uses it."""

    def is_erased(self, conference: str, attendee: str) -> bool:
        """Whether this id was erased."""
        ...

    def awaits_confirmation(self, conference: str, attendee: str, accounts: Collection[str]) -> bool:
        """Whether nobody else may register this attendee with these accounts."""
        ...

    def cached_rows(self, accounts: Iterable[str]) -> Rows | None:
        """The rows of these accounts, where their tokens and those of any of their posts are in memory; else None."""
        ...


class _Named(NamedTuple):
    """A field that names one account, several accounts, or a person (an account or an attendee's id)."""

    name: str
    get: Callable[[Any], Any]
    is_tuple: bool
    is_person: bool


def _named_in(kind: type[Event]) -> tuple[_Named, ...]:
    fields = [field for field in text_fields(kind) if field.text in (Text.ACCOUNT, Text.PERSON)]
    return tuple([_Named(name, attrgetter(name), is_tuple, text is Text.PERSON) for name, text, is_tuple in fields])


_NAMED = {kind: _named_in(kind) for kind in KINDS}
_HOLDS: dict[type, Holding] = {kind: kind.spec.holds for kind in KINDS if kind.spec.holds is not None}
_NOT_AFTER_ERASURE = frozenset({"claimed", "verified"})


class Pseudonymized(NamedTuple):
    """The events for the log, or their refusals, and the posts to index before the log has them."""

    events: list[Input | Refused]
    posts: list[NamedPost]


def cached_rows(events: Sequence[Input], directory: PseudonymDirectory) -> Rows | None:
    """The rows to pseudonymize these events from memory, without waiting for the disk; None where files are needed."""
    if any(type(event) in _HOLDS for event in events):
        return None
    return directory.cached_rows({account for event in events for account in accounts_in(event)})


def pseudonymize(events: Sequence[Input], directory: PseudonymDirectory, rows: Rows | None = None) -> Pseudonymized:
    """Replaces accounts, posts and event ids by tokens. Refuses to register or verify somebody who was erased and has
    not confirmed. ``rows``: from ``cached_rows``; None: they are read from the directory."""
    checked = [_unless_erased(event, directory) for event in events]
    good = [event for event in checked if not isinstance(event, Refused)]
    if rows is None:
        rows = directory.rows_for([account for event in good for account in accounts_in(event)])
    about = [event for event in good if isinstance(event, Activity)]
    named = directory.tokenize_posts([_post_in(event) for event in about], rows) if about else []
    held = [item for event in good for item in _held(event, rows)]
    claims = [_claims(event, rows) for event in good if isinstance(event, AttendeeRegistered)]
    if claims:
        directory.replace_claims(claims)
    if held:
        directory.hold(held)
    posts = iter(named)
    result = [
        event if isinstance(event, Refused) else replace(event, **_changes(event, rows, posts, directory))
        for event in checked
    ]
    return Pseudonymized(result, [post for post, event in zip(named, about, strict=True) if event.spec.post == "id"])


def _unless_erased(event: Input, directory: PseudonymDirectory) -> Input | Refused:
    if (
        isinstance(event, AttendeeEvent)
        and event.spec.holds in _NOT_AFTER_ERASURE
        and directory.is_erased(event.conference, event.attendee)
    ):
        return Refused("This attendee was erased; the id is not used again.", "gone", "attendee")
    if not isinstance(event, AttendeeRegistered) or event.source == source_of(OWNER):
        return event
    waits = directory.awaits_confirmation(event.conference, event.attendee, event.accounts)
    return Refused(AWAITS_CONFIRMATION, "forbidden", "attendee") if waits else event


def accounts_in(event: Input) -> list[str]:
    """Every account that an event names."""
    found: list[str] = []
    for _, get, is_tuple, is_person in _NAMED[type(event)]:
        value = get(event)
        if is_tuple:
            found += value
        elif value is not None and not (is_person and _is_attendee(value)):
            found.append(value)
    return found


def _is_attendee(person: str) -> bool:
    return ":" not in person


def _post_in(event: Activity) -> PostRef:
    assert event.spec.post is not None, "what is routed is about a post"
    return PostRef(getattr(event, event.spec.post), event.actor, millis(event.at))


def _held(event: Input, rows: Rows) -> list[Held]:
    how = _HOLDS.get(type(event))
    if how is None:
        return []
    assert isinstance(event, AttendeeEvent), "only an attendee holds accounts"
    return [Held(event.conference, event.attendee, rows[account].token, how) for account in accounts_in(event)]


def _claims(event: AttendeeRegistered, rows: Rows) -> Claims:
    return Claims(event.conference, event.attendee, tuple([rows[account].token for account in event.accounts]))


def _changes(event: Input, rows: Rows, posts: Iterator[NamedPost], directory: PseudonymDirectory) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for name, get, is_tuple, is_person in _NAMED[type(event)]:
        value = get(event)
        if is_tuple:
            changes[name] = tuple([rows[account].token for account in value])
        elif value is not None and not (is_person and _is_attendee(value)):
            changes[name] = rows[value].token
    post = event.spec.post
    if post is not None:
        changes[post] = next(posts).token
    if post != "id":
        changes["id"] = _id(event, directory)
    return changes


def _id(event: Input, directory: PseudonymDirectory) -> str:
    # Neither a source nor a conference contains a space, so these texts cannot collide.
    return f"e-{directory.trace(f'{event.source} {event.conference} {event.id}')}"
