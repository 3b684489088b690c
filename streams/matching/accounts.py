"""Accounts by name and by number.

Responsibility: ``accounts_by_name``, ``accounts`` and ``graves``; not what an account posted, or who owns it.
Why: everything else refers to accounts by number. Erasing removes the name; a digest of it (in ``graves``) keeps the
number, so that the same author is not counted twice in a session, and the time before which posts are nobody's
evidence.
"""

from schemas.times import DAY_MS
from streams.matching.ids import trace
from streams.matching.state import Account, AccountTombstone, State


def account(state: State, text: str) -> Account:
    """The account of that name, created if new. An erased account gets its number back and nothing else."""
    found = state.accounts_by_name.get(text)
    if found is not None:
        return found
    tombstone = state.graves.pop(trace(state.conference, text), None) if state.graves else None
    if tombstone is None:
        new = Account(state.next_account, text)
        state.next_account += 1
    else:
        new = Account(tombstone.no, text, cut_at=tombstone.cut_at)
    state.accounts_by_name[text] = state.accounts[new.no] = new
    return new


def number(state: State, text: str) -> int | None:
    """The number of a known account, also of an erased one; None for an unknown name."""
    found = state.accounts_by_name.get(text)
    if found is not None:
        return found.no
    tombstone = state.graves.get(trace(state.conference, text)) if state.graves else None
    return None if tombstone is None else tombstone.no


def link(sender: Account, addressed: Account) -> None:
    """Records that the sender now addresses the other in a post that counts."""
    addressed.senders[sender.no] = None
    if addressed.no in sender.senders:
        sender.mutual += 1
        addressed.mutual += 1


def unlink(sender: Account, addressed: Account) -> None:
    """Undoes ``link`` when the last such post is removed."""
    del addressed.senders[sender.no]
    if addressed.no in sender.senders:
        sender.mutual -= 1
        addressed.mutual -= 1


def contacts(account: Account) -> int:
    """How many accounts this one addressed, or was addressed by."""
    return len(account.sent) + len(account.senders) - account.mutual


def forget_if_empty(state: State, unused: Account) -> None:
    """Removes an account that holds no data any more."""
    if not (
        unused.posts
        or unused.sent
        or unused.senders
        or unused.sessions
        or unused.claims
        or unused.owner is not None
        or unused.verified is not None
    ):
        _remove(state, unused)


def bury(state: State, erased: Account, at: int) -> None:
    """Removes an erased account's name; posts from before ``at`` (ms) are nobody's evidence from now on."""
    erased.cut_at = max(erased.cut_at, at)
    _remove(state, erased)


def _remove(state: State, removed: Account) -> None:
    del state.accounts_by_name[removed.text], state.accounts[removed.no]
    if removed.cut_at + state.policy.evidence_days * DAY_MS > state.now:
        state.graves[trace(state.conference, removed.text)] = AccountTombstone(removed.no, removed.cut_at)


def advance(state: State, limit: int) -> None:
    """Removes tombstones whose posts have all expired; the oldest erasures come first."""
    while state.graves:
        first = next(iter(state.graves))
        if state.graves[first].cut_at > limit:
            return
        del state.graves[first]
