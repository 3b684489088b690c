"""Who knows whom: judges the evidence between two attendees.

Responsibility: "known", the reasons, and whom a person may know. Presence, budgets and cards are not considered.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Set
from heapq import nlargest

from schemas.outputs import Reason
from schemas.times import DAY_MS, format_time
from streams.matching import scoring
from streams.matching.accounts import contacts
from streams.matching.evidence.sessions import weight
from streams.matching.state import ORDER_BITS, Account, Attendee, Post, Session, State

_MAX_SHOWN_POSTS = 5


def _accounts(state: State, person: Attendee) -> list[Account]:
    return [state.accounts[number] for number in person.accounts]


def sent(state: State, a: Attendee, b: Attendee) -> list[Post]:
    """The posts in which a addresses b, each once."""
    if len(a.accounts) == 1 and len(b.accounts) == 1:
        return state.accounts[a.accounts[0]].sent.get(b.accounts[0], [])
    found = {
        post.stamp: post
        for account in _accounts(state, a)
        for number in b.accounts
        for post in account.sent.get(number, ())
    }
    return list(found.values())


def common_sessions(state: State, a: Attendee, b: Attendee) -> dict[int, Session]:
    """The sessions that both took part in, by number; none unless both consent to chats."""
    if not (a.chats and b.chats):
        return {}
    common = _sessions(state, a) & _sessions(state, b)
    return {number: state.sessions[number] for number in sorted(common)}


def _sessions(state: State, person: Attendee) -> set[int]:
    return {
        number
        for account in _accounts(state, person)
        for number in account.sessions
        if account.no not in state.sessions[number].outside
    }


def known_by_conversation(state: State, a: Attendee, b: Attendee) -> bool:
    """Whether each addressed the other often enough, in enough posts on enough days."""
    policy, out = state.policy, sent(state, a, b)
    if len(out) < policy.known_each:
        return False
    back = sent(state, b, a)
    if len(back) < policy.known_each or len(out) + len(back) < policy.known_posts:
        return False
    return len({post.stamp // (DAY_MS << ORDER_BITS) for post in (*out, *back)}) >= policy.known_days


def known_by_chat(state: State, a: Attendee, b: Attendee) -> bool:
    """Whether they have enough common sessions, of enough weight."""
    common = common_sessions(state, a, b)
    return len(common) >= state.policy.chat_sessions and (
        sum(weight(session) for session in common.values()) >= state.policy.chat_weight
    )


def known(state: State, a: Attendee, b: Attendee) -> bool:
    """Whether the two know each other."""
    return known_by_conversation(state, a, b) or known_by_chat(state, a, b)


def partners(state: State, person: Attendee) -> set[str]:
    """Available people whom the person may know: a superset, at a cost in the order of the person's ties."""
    available, each = state.available_accounts, state.policy.known_each
    found: set[str | None] = set()
    for account in _accounts(state, person):
        for number in account.sent.keys() & available:
            other = state.accounts[number]
            is_enough = len(account.sent[number]) >= each and len(other.sent.get(account.no, ())) >= each
            if is_enough or len(person.accounts) > 1 or _has_more(state, other):
                found.add(other.owner)
    if person.chats:
        found |= _chat_partners(state, person)
    found.discard(person.id)
    found.discard(None)
    return found  # type: ignore[return-value]  # None is discarded above


def _chat_partners(state: State, person: Attendee) -> set[str | None]:
    """The owners of available accounts with which the person shares sessions of enough weight."""
    own, enough = _accounts(state, person), state.policy.chat_weight
    if sum(len(account.sessions) for account in own) < state.policy.chat_sessions:
        return set()
    by_account: defaultdict[int, int] = defaultdict(int)
    for account in own:
        for session_number in account.sessions:
            session = state.sessions[session_number]
            share = weight(session)
            if (share or not enough) and account.no not in session.outside:
                for number in session.authors.keys() & state.available_accounts:
                    by_account[number] += share
    by_owner: defaultdict[str | None, int] = defaultdict(int)
    for number, share in by_account.items():
        by_owner[state.accounts[number].owner] += share
    return {owner for owner, share in by_owner.items() if share >= enough}


def _has_more(state: State, account: Account) -> bool:
    """Whether the account's owner may have talked from another account too."""
    return account.owner is not None and len(state.attendees[account.owner].accounts) > 1


def score(state: State, a: Attendee, b: Attendee, now: int) -> int:
    """The strength of the tie at a moment, in ten-thousandths."""
    half_life = state.policy.half_life_days
    out, back = ([_age(post, now) for post in posts] for posts in (sent(state, a, b), sent(state, b, a)))
    sessions = sum(
        weight(session) * scoring.decay((now - session.start) // DAY_MS, half_life)
        for session in common_sessions(state, a, b).values()
    )
    return scoring.score(scoring.direct(out, back, half_life), *_second_order(state, a, b), sessions)


def _age(post: Post, now: int) -> int:
    return (now - (post.stamp >> ORDER_BITS)) // DAY_MS


def _contacts(state: State, person: Attendee) -> Set[int]:
    found: set[int] = set()
    for account in _accounts(state, person):
        found |= account.sent.keys() | account.senders.keys()
    return found


def _common_contacts(state: State, a: Attendee, b: Attendee) -> set[int]:
    """The accounts that both addressed or were addressed by. The smaller set of contacts is looked up
    in the larger one: otherwise a person whom everybody knows would be scanned once for each of them."""
    few, many = sorted((a, b), key=lambda person: _contact_entries(state, person))
    of_few = _contacts(state, few)
    found: set[int] = set()
    for account in _accounts(state, many):
        found |= of_few & account.sent.keys()
        found |= of_few & account.senders.keys()
    return found


def _contact_entries(state: State, person: Attendee) -> int:
    return sum(len(account.sent) + len(account.senders) for account in _accounts(state, person))


def _second_order(state: State, a: Attendee, b: Attendee) -> tuple[int, int]:
    """The weight of common contacts, and of those among them who addressed both."""
    accounts = state.accounts
    common = _common_contacts(state, a, b).difference(a.accounts, b.accounts)
    weights = {number: scoring.contact_weight(contacts(accounts[number])) for number in common}
    for number, times in Counter([*_duplicates(state, a, common), *_duplicates(state, b, common)]).items():
        weights[number] = scoring.contact_weight(contacts(accounts[number]) - times)
    bond = _senders(state, a, common) & _senders(state, b, common)
    return sum(weights.values()), sum(map(weights.__getitem__, bond))


def _duplicates(state: State, person: Attendee, common: Set[int]) -> list[int]:
    """Those of these contacts who are contacts of a further account of the person, once for each such account. The
    person counts once, however many accounts they have; otherwise a post could lower the score."""
    if len(person.accounts) == 1:
        return []
    found: list[int] = []
    seen: set[int] = set()
    for account in _accounts(state, person):
        of_account = (common & account.sent.keys()) | (common & account.senders.keys())
        found += of_account & seen
        seen |= of_account
    return found


def _senders(state: State, person: Attendee, common: Set[int]) -> Set[int]:
    """Those of these contacts who addressed the person."""
    return set().union(*[common & account.senders.keys() for account in _accounts(state, person)])


def reasons(state: State, a: Attendee, b: Attendee, one_sided: bool = False) -> tuple[Reason, ...]:
    """The evidence as people see it. ``one_sided``: also conversations of one side (a tester's view)."""
    out, back = sent(state, a, b), sent(state, b, a)
    found = []
    if (out and back) or (one_sided and (out or back)):
        found.append(_conversation([*out, *back]))
    return (*found, *sorted(_chats(state, a, b), key=lambda reason: (-reason.count, reason.hashtag)))


def _conversation(posts: list[Post]) -> Reason:
    tags = Counter(tag for post in posts for tag in post.tags)
    most = min(tags, key=lambda tag: (-tags[tag], tag)) if tags else None
    return _reason("conversation", most, len(posts), posts)


def _chats(state: State, a: Attendee, b: Attendee) -> Iterator[Reason]:
    by_tag: dict[str, list[tuple[int, int]]] = {}
    for number, session in common_sessions(state, a, b).items():
        by_tag.setdefault(session.tag, []).append((session.end, number))
    both = [*_accounts(state, a), *_accounts(state, b)]
    for tag, sessions in by_tag.items():
        yield _reason("chat", tag, len(sessions), _last_posts(both, sessions))


def _last_posts(both: list[Account], sessions: list[tuple[int, int]]) -> list[Post]:
    """The newest of these accounts' posts in these sessions (end, number), and perhaps some more; each once.

    The last sessions are enough if they hold as many posts as are shown: years of a daily chat are not read."""
    posts: dict[int, Post] = {}
    for end, number in sorted(sessions, reverse=True):
        if len(posts) >= _MAX_SHOWN_POSTS and nlargest(_MAX_SHOWN_POSTS, posts)[-1] >> ORDER_BITS >= end:
            break
        for account in both:
            posts.update({post.stamp: post for post in account.sessions.get(number, ())})
    return list(posts.values())


def _reason(kind: str, tag: str | None, count: int, posts: list[Post]) -> Reason:
    newest = sorted(posts, key=lambda post: post.stamp, reverse=True)[:_MAX_SHOWN_POSTS]
    ids = tuple(post.id for post in newest)
    last_at = format_time(newest[0].stamp >> ORDER_BITS)
    return Reason(kind=kind, hashtag=tag, count=count, last_at=last_at, posts=ids)  # type: ignore[arg-type]
