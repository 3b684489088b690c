"""What shows that two people know each other (readings 11, 13 to 19).

Owns: posts, common sessions, known or not, reasons. May never: know presence or matches.
Theory: everything is worked out anew from all posts after each record, once somebody asks; a person is an attendee, or
an account that no attendee has.
"""

from collections import Counter
from collections.abc import Sequence
from functools import cached_property

from schemas.times import DAY_MS, format_time, utc_day
from tests.model.attendance import Attendance, Post
from tests.model.people import People
from tests.model.records import Json, Record, brought_by
from tests.model.score import ScoreEvidence, score
from tests.model.sessions import Session, sessions_at

MOST_ADDRESSED = 10
MOST_PEOPLE = 500
NEWEST_POSTS = 5


class Evidence:
    """All evidence of a conference after `records`; each question names its moment `t`."""

    def __init__(self, records: Sequence[Record], people: People, chats: Sequence[Json]) -> None:
        self._records = tuple(records)  # as they are now
        self._people = people
        self._chats = chats
        self._length_ms = people.policy["evidence_days"] * DAY_MS

    @cached_property
    def _posts(self) -> list[Post]:
        deleted = {(r.event["actor"], r.event["deleted"]) for r in self._records if r.type == "activity.deleted"}
        return [
            self._post(r)
            for r in self._records
            if r.type == "activity.posted"
            and r.event.get("repost_of") is None
            and (r.event["actor"], r.id) not in deleted
        ]

    @cached_property
    def _attendance(self) -> Attendance:
        return Attendance(self._posts)

    def _person(self, account: str) -> str:
        return self._people.owner(account) or account

    def _post(self, record: Record) -> Post:
        event = record.event
        reply_to = [event["reply_to"]] if event.get("reply_to") else []
        addressed = {*event["mentions"], *reply_to} - {event["actor"]}
        said_to = {account for account in addressed if not self._before_erasure_of(account, record)}
        declared = [chat for chat in self._chats if chat["hashtag"] in event["hashtags"]]
        to = frozenset(said_to) if len(addressed) <= MOST_ADDRESSED else frozenset()
        return Post(
            record=record,
            sender=self._person(event["actor"]),
            addressed=to,
            to=frozenset(map(self._person, to)),
            sessions=frozenset(session for chat in declared for session in sessions_at(chat, record.at)),
            is_evidence=not self._before_erasure_of(event["actor"], record),
            brought_by=brought_by(record),
            holds=self._still_holds(record),
        )

    def _still_holds(self, post: Record) -> bool:
        """Is the account still its bringer's by the very proof by which the post counted?"""
        proof = self._people.proofs.get(post.event["actor"])
        return proof is not None and proof.attendee == brought_by(post) and proof.n < post.n

    def _before_erasure_of(self, account: str, post: Record) -> bool:
        erasures = [erasure for erased, erasure in self._people.cutoffs if erased == account]
        return any(post.n < erasure.n or post.at < erasure.at for erasure in erasures)

    # Conversations

    def addressed(self, a: str, b: str, t: int) -> list[Post]:
        """The posts of `a` that address `b` and count at `t`."""
        return [
            p for p in self._posts if p.sender == a and b in p.to and p.is_evidence and self._counts(p.record.at, t)
        ]

    def knows_by_conversation(self, a: str, b: str, t: int) -> bool:
        """Each addressed the other often enough, and both together in enough posts on enough UTC days."""
        one_way, back = self.addressed(a, b, t), self.addressed(b, a, t)
        days = {utc_day(p.record.at) for p in one_way + back}
        policy = self._people.policy
        return bool(
            min(len(one_way), len(back)) >= policy["known_each"]
            and len(one_way) + len(back) >= policy["known_posts"]
            and len(days) >= policy["known_days"]
        )

    # Chats

    def common_sessions(self, a: str, b: str, t: int) -> list[Session]:
        """The sessions in which both posted; none unless both consent to chats."""
        if not (self._people.consents(a, "chats") and self._people.consents(b, "chats")):
            return []
        common = self._attendance.attended(a) & self._attendance.attended(b)
        return sorted(s for s in common if self._counts(s.start, t))

    def weight(self, session: Session) -> int:
        """The weight of a common session, in thousandths."""
        people = self._attendance.number_of_people(session)
        return 0 if people > MOST_PEOPLE else min(1000, 10_000 // people)

    def knows_by_chat(self, a: str, b: str, t: int) -> bool:
        """Enough common sessions of all chats together, and heavy enough."""
        sessions = self.common_sessions(a, b, t)
        policy = self._people.policy
        enough = len(sessions) >= policy["chat_sessions"]
        return bool(enough and sum(map(self.weight, sessions)) >= policy["chat_weight"])

    # Both

    def knows(self, a: str, b: str, t: int) -> bool:
        """Known by conversation or by chat."""
        return self.knows_by_conversation(a, b, t) or self.knows_by_chat(a, b, t)

    def reasons(self, a: str, b: str, t: int, one_sided: bool = False) -> list[Json]:
        """The public reasons: the conversation, then chats by number of sessions, then by hashtag."""
        one_way, back = self.addressed(a, b, t), self.addressed(b, a, t)
        talked = one_way or back if one_sided else one_way and back
        posts = one_way + back
        reasons = [_reason("conversation", _main_hashtag(posts), len(posts), posts)] if talked else []
        by_chat = Counter(s.hashtag for s in self.common_sessions(a, b, t))
        for hashtag, count in sorted(by_chat.items(), key=lambda item: (-item[1], item[0])):
            reasons.append(_reason("chat", hashtag, count, self._chat_posts(a, b, hashtag, t)))
        return reasons

    def _chat_posts(self, a: str, b: str, hashtag: str, t: int) -> list[Post]:
        sessions = {s for s in self.common_sessions(a, b, t) if s.hashtag == hashtag}
        return [p for p in self._posts if p.sender in (a, b) and p.is_evidence and p.sessions & sessions]

    def score(self, a: str, b: str, t: int) -> int:
        """The strength of the tie in ten-thousandths."""
        posts = [(p, 0) for p in self.addressed(a, b, t)] + [(p, 1) for p in self.addressed(b, a, t)]
        return score(
            ScoreEvidence(
                posts=[((t - p.record.at) // DAY_MS, direction) for p, direction in posts],
                sessions=[((t - s.start) // DAY_MS, self.weight(s)) for s in self.common_sessions(a, b, t)],
                contacts=self.common_contacts(a, b, t),
                half_life_days=self._people.policy["half_life_days"],
            )
        )

    def common_contacts(self, a: str, b: str, t: int) -> list[tuple[int, bool]]:
        """Of each account in contact with both: the number of its contacts, and whether it addressed both.

        The two are one contact each, whatever the number of their accounts.
        """
        posts = [p for p in self._posts if p.is_evidence and self._counts(p.record.at, t)]
        talks = {(p.actor, to) for p in posts for to in p.addressed}
        touch = talks | {(to, actor) for actor, to in talks}
        of_a, of_b = ({x for pair in touch for x in pair if self._person(x) == who} for who in (a, b))
        common = {c for x, c in touch if x in of_a} & {c for x, c in touch if x in of_b}
        found = []
        for contact in sorted(common - of_a - of_b):
            others = {x for c, x in touch if c == contact} - of_a - of_b
            to_both = all(any((contact, x) in talks for x in own) for own in (of_a, of_b))
            found.append((len(others) + 2, to_both))
        return found

    def _counts(self, since: int, t: int) -> bool:
        return bool(t - since < self._length_ms)


def _main_hashtag(posts: Sequence[Post]) -> str | None:
    """The hashtag that most of the posts have, then the first by alphabet."""
    counts = Counter(hashtag for p in posts for hashtag in p.hashtags)
    return min(counts, key=lambda hashtag: (-counts[hashtag], hashtag), default=None)


def _reason(kind: str, hashtag: str | None, count: int, posts: Sequence[Post]) -> Json:
    newest = sorted((p.record for p in posts), key=lambda r: r.rank, reverse=True)[:NEWEST_POSTS]
    return {
        "kind": kind,
        "hashtag": hashtag,
        "count": count,
        "last_at": format_time(newest[0].at),
        "posts": [record.id for record in newest],
    }
