"""Who is who: registrations, accounts, consents, blocks, erasures (readings 8 to 12).

Owns: what follows about people at the end of the records. May never: look at time or matches.
"""

from collections.abc import Sequence

from tests.model.records import Json, Record, policy_of, verified_owners


class People:
    """The people of a conference after `records`."""

    def __init__(self, records: Sequence[Record], override: Json | None) -> None:
        self._records = records
        openings = [policy_of(r.event, override) for r in records if r.type == "conference.opened"]
        self.policy = openings[-1]
        self._override = override
        self.erased = {r.attendee: r for r in reversed(records) if r.type == "attendee.erased"}
        self.verified = verified_owners(records)
        self.claims = _claims(records)
        self.registered = sorted(
            {str(r.attendee) for r in records if r.type == "attendee.registered"} - set(self.erased)
        )
        self._owners = _owners(self.verified, self.claims, self.policy)
        self.cutoffs = [cut for erasure in self.erased.values() for cut in self._cutoffs(erasure)]

    def owner(self, account: str) -> str | None:
        """The attendee whose account it is, under the policy of now."""
        return self._owners.get(account)

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
        names = {other} | {text for text, owner in self.verified.items() if owner == other}
        names |= set(self.claims.get(other, {}))
        return any(self._block_stands(blocker, name) for name in names)

    def _block_stands(self, blocker: str, name: str) -> bool:
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
        owners = _owners(verified_owners(before), _claims(before), policy)
        return [(account, erasure) for account, owner in owners.items() if owner == erasure.attendee]


def _claims(records: Sequence[Record]) -> dict[str, dict[str, int]]:
    """By attendee: the claimed accounts, each with the number of the record in which the claim began."""
    claims: dict[str, dict[str, int]] = {}
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
            kept = claims.get(attendee, {})
            claims[attendee] = {account: kept.get(account, record.n) for account in record.event["accounts"]}
        elif record.type == "account.released":
            claims.get(attendee, {}).pop(record.event["account"], None)
        elif record.type == "attendee.erased":
            erased.add(attendee)
            claims.pop(attendee, None)
    return claims


def _owners(verified: dict[str, str], claims: dict[str, dict[str, int]], policy: Json) -> dict[str, str]:
    owners = dict(verified)
    if policy["accounts"] == "claimed":
        ranked = sorted((n, attendee, text) for attendee, own in claims.items() for text, n in own.items())
        for _, attendee, text in ranked:
            owners.setdefault(text, attendee)
    return owners
