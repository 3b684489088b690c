"""Attendees, their accounts, consents and blocks.

Responsibility: ``attendees``, claims, verifications, who owns an account, ``erased``; not posts or matches.
Why: an account belongs to whoever verified it last. Where the policy allows claims and nobody has verified it, it
belongs to the one person who claims it, and to nobody if two people do.
"""

from schemas.events import AttendeeRegistered, ConsentChanged
from streams.matching import accounts
from streams.matching.evidence.posts import mark_uploads_as_before
from streams.matching.evidence.sessions import Sessions
from streams.matching.ids import trace
from streams.matching.state import NEVER, Account, Attendee, Block, State

CONSENTS = ("matching", "chats", "share_place")


class People:
    """The attendees of one conference.

    ``moved`` collects the people whose accounts, names or blocks changed since it was last cleared.
    """

    def __init__(self, state: State, sessions: Sessions) -> None:
        self.state = state
        self.sessions = sessions
        self.moved: set[str] = set()

    def is_erased(self, attendee: str) -> bool:
        """Whether the attendee was erased; that is final for this id."""
        state = self.state
        return bool(state.erased) and trace(state.conference, attendee) in state.erased

    def attendee(self, attendee: str) -> Attendee:
        """The attendee, created if new."""
        found = self.state.attendees.get(attendee)
        if found is None:
            found = self.state.attendees[attendee] = Attendee(attendee)
        return found

    # -- registration and consent --------------------------------------------------------------------------------

    def register(self, event: AttendeeRegistered, stamp: int) -> None:
        """Registers the attendee, or replaces the claims if this registration is the newest."""
        person = self.attendee(event.attendee)
        if person.registered == NEVER:
            for name in CONSENTS:
                if name not in person.consented:
                    setattr(person, name, getattr(event.consent, name))
        if stamp < person.registered:
            return
        person.registered = stamp
        self._claim(person, event.accounts)
        self.moved.add(person.id)

    def _claim(self, person: Attendee, claims: tuple[str, ...]) -> None:
        for text in person.claims:
            if text not in claims:
                self._unclaim(person, self.state.accounts_by_name[text])
        person.claims = tuple(dict.fromkeys(claims))
        for text in person.claims:
            account = accounts.account(self.state, text)
            if person.id not in account.claims:
                account.claims[person.id] = self.state.next_rank
                self.state.next_rank += 1
            self._assign_owner(account)

    def _unclaim(self, person: Attendee, account: Account) -> None:
        account.claims.pop(person.id, None)
        person.claims = tuple(text for text in person.claims if text != account.text)
        self._assign_owner(account)
        accounts.forget_if_empty(self.state, account)

    def consent(self, event: ConsentChanged, stamp: int) -> dict[str, bool]:
        """Updates the consents that the event names, unless a newer event set them. Returns the changed ones."""
        person = self.attendee(event.attendee)
        changed = {}
        for name in CONSENTS:
            value: bool | None = getattr(event, name)
            if value is None or stamp < person.consented.get(name, NEVER):
                continue
            person.consented[name] = stamp
            before: bool = getattr(person, name)
            setattr(person, name, value)
            if before != value:
                changed[name] = value
        return changed

    # -- ownership of accounts -----------------------------------------------------------------------------------

    def verify(self, attendee: str, text: str) -> Attendee | None:
        """Gives the account to the attendee. Returns its previous owner, who loses it by this; None without one."""
        account = accounts.account(self.state, text)
        if account.verified == attendee:
            return None
        loser = None if account.owner in (None, attendee) else self.state.attendees[account.owner]
        mark_uploads_as_before(account)
        account.verified = self.attendee(attendee).id
        self.moved.add(attendee)
        self._assign_owner(account)
        return loser

    def release(self, attendee: str, text: str) -> None:
        """Releases an account, and the claim to it."""
        account = self.state.accounts_by_name.get(text)
        if account is None:
            return
        person = self.attendee(attendee)
        if account.verified == attendee:
            account.verified = None
            mark_uploads_as_before(account)
        self.moved.add(attendee)
        self._unclaim(person, account)

    def has_verified(self, attendee: str, text: str) -> bool:
        """Whether the attendee has verified the account."""
        account = self.state.accounts_by_name.get(text)
        return account is not None and account.verified == attendee

    def _assign_owner(self, account: Account) -> None:
        """Sets the account's owner by its verification and claims."""
        owner = account.verified
        if owner is None and account.claims and self.state.policy.accounts == "claimed":
            owner = next(iter(account.claims)) if len(account.claims) == 1 else None
        if owner == account.owner:
            return
        before = account.owner
        if account.owner is not None:
            account.moved = True
            self.sessions.recount(account, -1)
            self.state.attendees[account.owner].accounts.remove(account.no)
            self.state.available_accounts.discard(account.no)
            self.moved.add(account.owner)
        account.owner = owner
        if owner is not None:
            self.state.attendees[owner].accounts.append(account.no)
            self.sessions.recount(account, 1)
            self.moved.add(owner)
        self.sessions.review(self._sessions_of(account, before, owner))

    def _sessions_of(self, account: Account, *owners: str | None) -> set[int]:
        """The sessions of an account, and of all other accounts of its given owners."""
        people = [self.state.attendees[owner] for owner in owners if owner is not None]
        others = [self.state.accounts[number] for person in people for number in person.accounts]
        return {number for each in (account, *others) for number in each.sessions}

    def assign_all_owners(self) -> None:
        """Sets every account's owner again, after the policy changed."""
        for account in list(self.state.accounts.values()):
            self._assign_owner(account)

    # -- blocks --------------------------------------------------------------------------------------------------

    def block(self, attendee: str, text: str, stamp: int, on: bool) -> None:
        """Remembers the newest block or unblock of this id or account, as a digest: no state names who was blocked."""
        blocks = self.attendee(attendee).blocks
        name = trace(self.state.conference, text)
        if name not in blocks or stamp >= blocks[name].stamp:
            blocks[name] = Block(stamp, on)
            self.moved.add(attendee)

    def has_blocked(self, person: Attendee, other: Attendee) -> bool:
        """Whether the person blocked the other, by id or by an account that the other has or claims."""
        return self.has_blocked_id(person, other) or self.has_blocked_account(person, other)

    def has_blocked_id(self, person: Attendee, other: Attendee) -> bool:
        """Whether the person blocked the other by id."""
        return bool(person.blocks) and self._is_blocked(person, other.id)

    def has_blocked_account(self, person: Attendee, other: Attendee) -> bool:
        """Whether the person blocked an account that the other has or claims."""
        if not person.blocks:
            return False
        owned = [self.state.accounts[number].text for number in other.accounts]
        return any(self._is_blocked(person, text) for text in (*other.claims, *owned))

    def _is_blocked(self, person: Attendee, text: str) -> bool:
        block = person.blocks.get(trace(self.state.conference, text))
        return block is not None and block.on

    # -- erasure -------------------------------------------------------------------------------------------------

    def erase(self, attendee: str) -> list[Account]:
        """Erases the attendee for good. Returns their accounts, whose evidence the caller removes."""
        state = self.state
        state.erased.add(trace(state.conference, attendee))
        person = state.attendees.get(attendee)
        if person is None:
            return []
        owned = [state.accounts[number] for number in person.accounts]
        for account in owned:
            self.sessions.recount(account, -1)
            person.accounts.remove(account.no)
            state.available_accounts.discard(account.no)
            account.verified = account.owner = None
        for text in person.claims:
            account = state.accounts_by_name[text]
            account.claims.pop(attendee, None)
            if all(account is not mine for mine in owned):
                self._assign_owner(account)  # of two claimants one may be left
                accounts.forget_if_empty(state, account)
        del state.attendees[attendee]
        return owned

    def reclaim(self, text: str, claims: dict[str, int]) -> None:
        """Restores the other people's claims to an account whose owner was erased, without its history."""
        account = accounts.account(self.state, text)
        account.claims = claims
        self._assign_owner(account)
