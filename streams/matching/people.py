"""Attendees, their accounts, consents and blocks.

Owns: ``attendees``, claims, verifications, who an account belongs to, ``erased``. May never: know what is said or
matched.
Theory: an account belongs to who verified it last; where the policy allows claims and nobody has verified it, to the
one who claims it, and to nobody where two do.
"""

from schemas.events import AttendeeRegistered, ConsentChanged
from streams.matching import accounts
from streams.matching.evidence import change_hands
from streams.matching.ids import trace
from streams.matching.sessions import Sessions
from streams.matching.state import NEVER, Account, Attendee, Block, State

CONSENTS = ("matching", "chats", "share_place")


class People:
    """The attendees of one conference.

    ``moved`` collects those whose accounts or names changed since it was last emptied.
    """

    def __init__(self, state: State, sessions: Sessions) -> None:
        self.state = state
        self.sessions = sessions
        self.moved: set[str] = set()

    def is_erased(self, attendee: str) -> bool:
        """Whether the attendee was erased: final for this id."""
        state = self.state
        return bool(state.erased) and trace(state.conference, attendee) in state.erased

    def attendee(self, attendee: str) -> Attendee:
        """The attendee, registered or only heard of."""
        found = self.state.attendees.get(attendee)
        if found is None:
            found = self.state.attendees[attendee] = Attendee(attendee)
        return found

    # -- registration and consent --------------------------------------------------------------------------------

    def register(self, event: AttendeeRegistered, stamp: int) -> None:
        """Registers, or replaces the claims if the registration is the newest."""
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
                self._unclaim(person, self.state.numbers[text])
        person.claims = tuple(dict.fromkeys(claims))
        for text in person.claims:
            account = accounts.account(self.state, text)
            if person.id not in account.claims:
                account.claims[person.id] = self.state.next_rank
                self.state.next_rank += 1
            self._settle(account)

    def _unclaim(self, person: Attendee, account: Account) -> None:
        account.claims.pop(person.id, None)
        person.claims = tuple(text for text in person.claims if text != account.text)
        self._settle(account)
        accounts.forget_if_empty(self.state, account)

    def consent(self, event: ConsentChanged, stamp: int) -> dict[str, bool]:
        """Changes what is named and newer than what was said before. Gives what each changed consent is now."""
        person = self.attendee(event.attendee)
        changed = {}
        for name in CONSENTS:
            said: bool | None = getattr(event, name)
            if said is None or stamp < person.consented.get(name, NEVER):
                continue
            person.consented[name] = stamp
            before: bool = getattr(person, name)
            setattr(person, name, said)
            if before != said:
                changed[name] = said
        return changed

    # -- who an account belongs to -------------------------------------------------------------------------------

    def verify(self, attendee: str, text: str) -> Attendee | None:
        """The last to verify an account has it. Gives who had it before and loses it by this."""
        account = accounts.account(self.state, text)
        if account.verified == attendee:
            return None
        loser = None if account.owner in (None, attendee) else self.state.attendees[account.owner]
        change_hands(account)
        account.verified = self.attendee(attendee).id
        self.moved.add(attendee)
        self._settle(account)
        return loser

    def release(self, attendee: str, text: str) -> None:
        """Gives up an account, and the claim to it."""
        account = self.state.numbers.get(text)
        if account is None:
            return
        person = self.attendee(attendee)
        if account.verified == attendee:
            account.verified = None
            change_hands(account)
        self.moved.add(attendee)
        self._unclaim(person, account)

    def has_verified(self, attendee: str, text: str) -> bool:
        """Whether the account is this attendee's by verification."""
        account = self.state.numbers.get(text)
        return account is not None and account.verified == attendee

    def _settle(self, account: Account) -> None:
        """Gives the account to whom it belongs now."""
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
            self.state.here.discard(account.no)
            self.moved.add(account.owner)
        account.owner = owner
        if owner is not None:
            self.state.attendees[owner].accounts.append(account.no)
            self.sessions.recount(account, 1)
            self.moved.add(owner)
        self.sessions.review(self._sat_in(account, before, owner))

    def _sat_in(self, account: Account, *owners: str | None) -> set[int]:
        """The sessions of an account, and of all others of those who had it or have it."""
        people = [self.state.attendees[owner] for owner in owners if owner is not None]
        others = [self.state.accounts[number] for person in people for number in person.accounts]
        return {number for each in (account, *others) for number in each.sessions}

    def settle_all(self) -> None:
        """After the policy changed: gives every account to whom it belongs now."""
        for account in list(self.state.accounts.values()):
            self._settle(account)

    # -- blocks --------------------------------------------------------------------------------------------------

    def block(self, attendee: str, text: str, stamp: int, on: bool) -> None:
        """Remembers the newest word about this text (as a digest: nobody's state names who was blocked)."""
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
        """Forgets the attendee for ever. Gives the accounts they had, for their evidence to end."""
        state = self.state
        state.erased.add(trace(state.conference, attendee))
        person = state.attendees.get(attendee)
        if person is None:
            return []
        owned = [state.accounts[number] for number in person.accounts]
        for account in owned:
            self.sessions.recount(account, -1)
            person.accounts.remove(account.no)
            state.here.discard(account.no)
            account.verified = account.owner = None
        for text in person.claims:
            account = state.numbers[text]
            account.claims.pop(attendee, None)
            if all(account is not mine for mine in owned):
                self._settle(account)  # of two who claimed it, one is left
                accounts.forget_if_empty(state, account)
        del state.attendees[attendee]
        return owned

    def reclaim(self, text: str, claims: dict[str, int]) -> None:
        """After an owner was erased: the others' claims to the account go on, without its past."""
        account = accounts.account(self.state, text)
        account.claims = claims
        self._settle(account)
