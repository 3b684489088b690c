"""Accounts by name and by number.

Owns: ``numbers``, ``accounts``, ``graves``. May never: know what an account said, or to whom it belongs.
Theory: everything else knows accounts by number. Erasing takes the name away; a digest of it (the grave) keeps the
number,
so that the same author is not counted twice in a session, and the moment before which posts are evidence for nobody.
"""

from schemas.times import DAY_MS
from streams.matching.ids import trace
from streams.matching.state import Account, Grave, State


def account(state: State, text: str) -> Account:
    """The account of that name, made when it is new; one that was erased gets its number back and nothing else."""
    found = state.numbers.get(text)
    if found is not None:
        return found
    grave = state.graves.pop(trace(state.conference, text), None) if state.graves else None
    if grave is None:
        new = Account(state.next_account, text)
        state.next_account += 1
    else:
        new = Account(grave.no, text, cut_at=grave.cut_at)
    state.numbers[text] = state.accounts[new.no] = new
    return new


def number(state: State, text: str) -> int | None:
    """The number of an account that was seen before, also of one that was erased."""
    found = state.numbers.get(text)
    if found is not None:
        return found.no
    grave = state.graves.get(trace(state.conference, text)) if state.graves else None
    return None if grave is None else grave.no


def link(sender: Account, addressed: Account) -> None:
    """The sender addressed the other for the first time among the posts that count."""
    addressed.senders[sender.no] = None
    if addressed.no in sender.senders:
        sender.mutual += 1
        addressed.mutual += 1


def unlink(sender: Account, addressed: Account) -> None:
    """Undoes ``link``: the last such post is gone."""
    del addressed.senders[sender.no]
    if addressed.no in sender.senders:
        sender.mutual -= 1
        addressed.mutual -= 1


def contacts(account: Account) -> int:
    """How many accounts this one addressed or was addressed by."""
    return len(account.sent) + len(account.senders) - account.mutual


def forget_if_empty(state: State, unused: Account) -> None:
    """Lets go of an account about which nothing is left to know."""
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
    """Takes the name away; posts with an ``at`` before count for nobody from now on."""
    erased.cut_at = max(erased.cut_at, at)
    _remove(state, erased)


def _remove(state: State, gone: Account) -> None:
    del state.numbers[gone.text], state.accounts[gone.no]
    if gone.cut_at + state.policy.evidence_days * DAY_MS > state.now:
        state.graves[trace(state.conference, gone.text)] = Grave(gone.no, gone.cut_at)


def advance(state: State, limit: int) -> None:
    """Lets go of graves that keep nothing back any more; the oldest erasures come first."""
    while state.graves:
        first = next(iter(state.graves))
        if state.graves[first].cut_at > limit:
            return
        del state.graves[first]
