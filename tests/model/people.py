"""Who is who: registrations, accounts, consents, blocks, erasures (readings 8 to 12).

Owns: what follows about people at the end of the records. May never: look at time or matches.
"""

from collections.abc import Sequence

from tests.model.records import Json, Proof, Record, policy_of, proofs


class People:
    """The people of a conference after `records`."""

    def __init__(self, records: Sequence[Record], override: Json | None) -> None:
        self._records = records
        openings = [policy_of(r.event, override) for r in records if r.type == "conference.opened"]
        self.policy = openings[-1]
        self._override = override
        self.erased = {r.attendee: r for r in reversed(records) if r.type == "attendee.erased"}
        self.proofs = proofs(records)
        self.claims = _claims(records)
        self.registered = sorted(
            {str(r.attendee) for r in records if r.type == "attendee.registered"} - set(self.erased)
        )
        self._owners = _owners(self.proofs, self.claims, self.policy)
        self.cutoffs = [cut for erasure in self.erased.values() for cut in self._cutoffs(erasure)]

    def owner(self, account: str) -> str | None:
        """The attendee whose account it is, under the policy of now."""
        return self._owners.get(account)

    def loser(self, verification: Record) -> str | None:
        """Who had the account, by proof or by an effective claim, until this last record gave it to somebody else."""
        before = self._records[: verification.n]
        account = verification.event["account"]
        had = _owners(proofs(before), _claims(before), self.policy).get(account)
        return None if had == self.owner(account) else had

    def consents(self, attendee: str, what: str) -> bool:
        """`what` is matching, chats or share_place. A change beats the registration whatever its `at`."""
        changes = [
            r
            for r in self._records
            if r.type == "consent.changed" and r.attendee == attendee and r.event.get(what) is not None
        ]
        if changes:
            return bool(max(changes, key=lambda r: r.rank).event[what])
        first = next(r for r in self._records if r.type == "attendee.registered" and r.attendee == attendee)
        return bool(first.event["consent"][what])

    def blocks(self, blocker: str, other: str) -> bool:
        """Does a standing block of `blocker` name the other, or an account that the other has or claims?"""
        accounts = {text for text, proof in self.proofs.items() if proof.attendee == other}
        accounts |= self.claims.get(other, set())
        return any(self.names(blocker, name) for name in {other} | accounts)

    def names(self, blocker: str, name: str) -> bool:
        """Does a standing block of `blocker` have this very text?"""
        said = [
            r
            for r in self._records
            if r.type in ("attendee.blocked", "attendee.unblocked")
            and r.attendee == blocker
            and r.event["blocked"] == name
        ]
        return bool(said) and max(said, key=lambda r: r.rank).type == "attendee.blocked"

    def _cutoffs(self, erasure: Record) -> list[tuple[str, Record]]:
        """The accounts that the attendee had as the erasure came, each with the erasure."""
        before = self._records[: erasure.n]
        openings = [r for r in self._records if r.type == "conference.opened"]
        # Before the first opening nothing has taken effect yet: the rules are then those of the first.
        opening = [r for r in openings if r.n < erasure.n][-1:] or openings[:1]
        policy = policy_of(opening[0].event, self._override)
        owners = _owners(proofs(before), _claims(before), policy)
        return [(account, erasure) for account, owner in owners.items() if owner == erasure.attendee]


def _claims(records: Sequence[Record]) -> dict[str, set[str]]:
    """By attendee: the claimed accounts."""
    claims: dict[str, set[str]] = {}
    standing: dict[str, Record] = {}
    erased: set[str] = set()
    for record in records:
        attendee = str(record.attendee)
        if attendee in erased:
            continue
        if record.type == "attendee.registered":
            if attendee in standing and standing[attendee].rank > record.rank:
                continue
            standing[attendee] = record
            claims[attendee] = set(record.event["accounts"])
        elif record.type == "account.released":
            claims.get(attendee, set()).discard(record.event["account"])
        elif record.type == "attendee.erased":
            erased.add(attendee)
            claims.pop(attendee, None)
    return claims


def _owners(proven: dict[str, Proof], claims: dict[str, set[str]], policy: Json) -> dict[str, str]:
    """Who proved an account has it; under `claimed` also the only one who claims what nobody proved."""
    owners = {text: proof.attendee for text, proof in proven.items()}
    if policy["accounts"] == "claimed":
        for text in {text for own in claims.values() for text in own} - set(owners):
            claimants = [attendee for attendee, own in claims.items() if text in own]
            if len(claimants) == 1:
                owners[text] = claimants[0]
    return owners
