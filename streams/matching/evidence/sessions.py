"""Who took part in which session of a chat.

Responsibility: ``sessions``, and accounts' posts by session. Whether people know each other is judged in ``ties``.
Why: a session's people are its distinct authors; several accounts of one person count once (``duplicate_accounts``). A
session counts, with all its authors, while its start is within the evidence period. A person who uploaded all of their
own posts in it does not count (``outside``), unless somebody else's post in it addresses them: otherwise anybody could
claim to have been anywhere.
"""

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush

from schemas.times import DAY_MS
from streams.matching import accounts
from streams.matching.evidence.calendar import Calendar
from streams.matching.evidence.expiry import NOTHING
from streams.matching.state import ORDER_BITS, UPLOADED_BEFORE, Account, Post, Session, State

FULL_WEIGHT = 1_000  # thousandths
SHARED_WEIGHT = 10_000  # a session of up to 10 people has the full weight; then it is shared
MAX_PEOPLE = 500


def people(session: Session) -> int:
    """The number of a session's people."""
    return len(session.authors) - session.duplicate_accounts - session.absent


def weight(session: Session) -> int:
    """The weight of a common session, in thousandths."""
    number = people(session)
    return min(FULL_WEIGHT, SHARED_WEIGHT // number) if 0 < number <= MAX_PEOPLE else 0


class Sessions:
    """The sessions of one conference's chats.

    ``entered`` collects accounts that entered a session through somebody else's post, ``shrunk`` the sessions whose
    weight rose; the caller clears both.
    """

    def __init__(self, state: State) -> None:
        self.state = state
        self.calendar = Calendar(state.chats)
        self.declared = self.calendar.declared
        self._starts: list[tuple[int, int]] = []
        self.oldest = NOTHING  # when the oldest session started
        self.entered: set[int] = set()
        self.shrunk: list[Session] = []
        if self.declared:
            for post in state.posts.values():
                if post.tags and not self.declared.isdisjoint(post.tags):
                    self.join(post, state.accounts[post.author])
            for post in state.buried.values():
                self.join(post, None)
        self.entered.clear()

    def join(self, post: Post, author: Account | None) -> bool:
        """Adds a post to its sessions, as evidence of ``author`` if given. Returns whether it brought them into one."""
        at = post.stamp >> ORDER_BITS
        day = at // DAY_MS
        joined = False
        for tag in post.tags:
            if tag in self.declared:
                for start, end in self.calendar.overlapping(tag, day):
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
            session.duplicate_accounts += self._is_duplicate(post.author, session)
            session.authors[post.author] = 1
        if post.upload:
            session.uploads[post.author] = session.uploads.get(post.author, 0) + 1
        joined = False
        if author is not None:
            joined = number not in author.sessions
            author.sessions.setdefault(number, []).append(post)
        if session.uploads:
            self._update_outside(session, (post.author, *post.targets))
        return joined

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

    def leave(self, post: Post, tags: tuple[str, ...], targets: tuple[int, ...]) -> None:
        """Removes a post that no longer counts. ``tags``, ``targets``: those it had while it counted."""
        author = self.state.accounts.get(post.author)
        for number in list(self._of(post, tags)):
            session = self.state.sessions[number]
            before = weight(session)
            posts = author.sessions.get(number, []) if author else []
            if author and post in posts:
                posts.remove(post)
                if not posts:
                    del author.sessions[number]
            self._leave(session, post, targets)
            if weight(session) > before:
                self.shrunk.append(session)

    def _leave(self, session: Session, post: Post, targets: tuple[int, ...]) -> None:
        if post.upload:
            session.uploads[post.author] -= 1
            if not session.uploads[post.author]:
                del session.uploads[post.author]
        session.authors[post.author] -= 1
        if not session.authors[post.author]:
            del session.authors[post.author]
            session.duplicate_accounts -= self._is_duplicate(post.author, session)
        if session.uploads or session.outside:
            self._update_outside(session, (post.author, *targets))

    # -- participants by own uploads only ----------------------------------------------------------------------------

    def review(self, numbers: Iterable[int]) -> None:
        """Checks these sessions' participants again: accounts changed owners, or others' posts no longer count."""
        for number in numbers:
            session = self.state.sessions[number]
            if session.uploads or session.outside:
                before = weight(session)
                self._update_outside(session, {*session.uploads, *session.outside})
                if weight(session) > before:
                    self.shrunk.append(session)

    def _update_outside(self, session: Session, numbers: Iterable[int]) -> None:
        """Decides whether the owners of these accounts count as participants."""
        for number in numbers:
            mine = self._accounts_of(number)
            if session.uploads.keys().isdisjoint(mine) and session.outside.isdisjoint(mine):
                continue
            outside = self._has_only_uploads(session, mine) and not self._is_addressed(session, mine)
            for account in mine:
                if outside and account in session.authors:
                    session.outside.add(account)
                elif account in session.outside:
                    session.outside.discard(account)
                    self.entered.add(account)
        absent = {tuple(self._accounts_of(account)) for account in session.outside}
        session.absent = sum(all(self._is_uploaded(session, number) for number in mine) for mine in absent)

    def _accounts_of(self, number: int) -> list[int]:
        """All accounts of this account's owner; the account alone if it has none."""
        account = self.state.accounts.get(number)
        if account is None or account.owner is None:
            return [number]
        return self.state.attendees[account.owner].accounts

    def _has_only_uploads(self, session: Session, mine: list[int]) -> bool:
        """Whether a person uploaded all posts that count as theirs. Posts of an erased person under the same name still
        count for the number of authors, but do not prove that the next owner was there."""
        at, accounts = self.state.session_numbers[session.tag, session.start, session.end], self.state.accounts
        known = [number for number in mine if number in accounts]
        return all(len(accounts[number].sessions.get(at, ())) == session.uploads.get(number, 0) for number in known)

    def _is_uploaded(self, session: Session, number: int) -> bool:
        """Whether all of an author's posts in the session are uploads, so that it is not one of its people."""
        return session.uploads.get(number, 0) == session.authors.get(number, 0)

    def _is_addressed(self, session: Session, mine: list[int]) -> bool:
        """Whether somebody else's post in the session addresses one of the accounts. Uploads by a previous owner of the
        sending account do not count: that may have been the same person."""
        accounts = self.state.accounts
        return any(
            post.upload != UPLOADED_BEFORE
            and session.tag in post.tags
            and session.start <= post.stamp >> ORDER_BITS < session.end
            for number in mine
            if number in accounts
            for sender in accounts[number].senders
            if sender not in mine
            for post in accounts[sender].sent[number]
        )

    def _of(self, post: Post, tags: tuple[str, ...]) -> Iterator[int]:
        for tag in tags:
            if tag in self.declared:
                for span in self.calendar.sessions(tag, post.stamp >> ORDER_BITS):
                    number = self.state.session_numbers.get((tag, *span))
                    if number is not None:
                        yield number

    def _is_duplicate(self, number: int, session: Session) -> bool:
        """Whether another account of the same person is among the session's authors."""
        account = self.state.accounts.get(number)
        if account is None or account.owner is None:
            return False
        others = self.state.attendees[account.owner].accounts
        return any(other != number and other in session.authors for other in others)

    def recount(self, account: Account, step: int) -> None:
        """Updates the duplicates after an account joined its owner's other accounts (step 1) or left them (-1)."""
        state = self.state
        if account.owner is None or len(state.attendees[account.owner].accounts) < 2:
            return
        # Sessions hold only the number of an account that was erased before: then check all of them.
        of_account = account.sessions if account.cut_at < 0 else state.sessions
        for number in of_account:
            session = state.sessions[number]
            if account.no in session.authors and self._is_duplicate(account.no, session):
                before = weight(session)
                session.duplicate_accounts += step
                if weight(session) > before:
                    self.shrunk.append(session)

    def advance(self, limit: int) -> None:
        """Removes the sessions that started at or before the limit (ms)."""
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
