"""Who was in which session of a chat.

Owns: ``sessions`` and the accounts' posts by session. May never: judge whether people know each other.
Theory: a session's people are its distinct authors, several accounts of one person counted once (``doubles``); it
counts,
with all its authors, while its start is within the evidence's days.
"""

from collections.abc import Iterator
from heapq import heappop, heappush

from schemas.times import DAY_MS
from streams.matching import accounts
from streams.matching.ageing import NOTHING
from streams.matching.calendar import Calendar
from streams.matching.state import ORDER_BITS, Account, Post, Session, State

FULL_WEIGHT = 1_000  # thousandths
SHARED_WEIGHT = 10_000  # a session of up to 10 people has the full weight; then it is shared
MOST_PEOPLE = 500


def people(session: Session) -> int:
    """The number of a session's people."""
    return len(session.authors) - session.doubles


def weight(session: Session) -> int:
    """What having been in this session together weighs, in thousandths."""
    number = people(session)
    return min(FULL_WEIGHT, SHARED_WEIGHT // number) if 0 < number <= MOST_PEOPLE else 0


class Sessions:
    """The sessions of one conference's chats."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.calendar = Calendar(state.chats)
        self.declared = self.calendar.declared
        self._starts: list[tuple[int, int]] = []
        self.oldest = NOTHING  # when the oldest session started
        if self.declared:
            for post in state.posts.values():
                if post.tags and not self.declared.isdisjoint(post.tags):
                    self.join(post, state.accounts[post.author])
            for post in state.buried.values():
                self.join(post, None)

    def join(self, post: Post, author: Account | None) -> bool:
        """Puts a post into its sessions, as its author's evidence if one is given; whether it brought them into one."""
        at = post.stamp >> ORDER_BITS
        day = at // DAY_MS
        joined = False
        for tag in post.tags:
            if tag in self.declared:
                for start, end in self.calendar.touching(tag, day):
                    if start <= at < end:
                        number = self._number(tag, start, end)
                        if number is not None:
                            joined |= self._enter(post, author, number)
        return joined

    def _enter(self, post: Post, author: Account | None, number: int) -> bool:
        session = self.state.sessions[number]
        if post.author in session.authors:
            session.authors[post.author] += 1
        else:
            session.doubles += self._is_double(post.author, session)
            session.authors[post.author] = 1
        if author is None:
            return False
        posts = author.sessions.get(number)
        if posts is None:
            author.sessions[number] = [post]
            return True
        posts.append(post)
        return False

    def _number(self, tag: str, start: int, end: int) -> int | None:
        state = self.state
        number = state.session_numbers.get((tag, start, end))
        if number is None and state.now - start < state.policy.evidence_days * DAY_MS:
            number = state.next_session
            state.next_session += 1
            state.session_numbers[tag, start, end] = number
            state.sessions[number] = Session(tag, start, end)
            heappush(self._starts, (start, number))
            self.oldest = self._starts[0][0]
        return number

    def leave(self, post: Post) -> Iterator[Session]:
        """Takes a deleted post out; gives the sessions whose author it was the last post of."""
        author = self.state.accounts.get(post.author)
        for number in list(self._of(post)):
            session = self.state.sessions[number]
            posts = author.sessions.get(number, []) if author else []
            if author and post in posts:
                posts.remove(post)
                if not posts:
                    del author.sessions[number]
            session.authors[post.author] -= 1
            if not session.authors[post.author]:
                del session.authors[post.author]
                session.doubles -= self._is_double(post.author, session)
                yield session

    def _of(self, post: Post) -> Iterator[int]:
        for tag in post.tags:
            if tag in self.declared:
                for span in self.calendar.sessions(tag, post.stamp >> ORDER_BITS):
                    number = self.state.session_numbers.get((tag, *span))
                    if number is not None:
                        yield number

    def _is_double(self, number: int, session: Session) -> bool:
        """Whether another account of the same person is among the session's authors."""
        account = self.state.accounts.get(number)
        if account is None or account.owner is None:
            return False
        others = self.state.attendees[account.owner].accounts
        return any(other != number and other in session.authors for other in others)

    def recount(self, account: Account, step: int) -> None:
        """An account came to (step 1) its owner's others, or goes from them (step -1)."""
        state = self.state
        if account.owner is None or len(state.attendees[account.owner].accounts) < 2:
            return
        # Of an account that was erased before, sessions hold the number only: all are looked at then.
        of_account = account.sessions if account.cut_at < 0 else state.sessions
        for number in of_account:
            session = state.sessions[number]
            if account.no in session.authors and self._is_double(account.no, session):
                session.doubles += step

    def advance(self, limit: int) -> None:
        """Lets go of the sessions that started at or before the limit."""
        state = self.state
        while self._starts and self._starts[0][0] <= limit:
            number = heappop(self._starts)[1]
            session = state.sessions.pop(number)
            del state.session_numbers[session.tag, session.start, session.end]
            for author in session.authors:
                account = state.accounts.get(author)
                if account is not None and account.sessions.pop(number, None) is not None:
                    accounts.forget_if_empty(state, account)
        self.oldest = self._starts[0][0] if self._starts else NOTHING
