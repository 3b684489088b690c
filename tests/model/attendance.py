"""Who is in which session of a chat, and who only says so (readings 14, 15 and 19).

Owns: the people of a session, and whose common session it can be. May never: know consents, ages or weights.
Theory: what somebody brings themselves shows nothing until somebody else, in that session, speaks to them. A post that
its own author's holder brought shows nothing for others either, once that holder lost the account.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from tests.model.records import Record
from tests.model.sessions import Session


@dataclass(frozen=True, eq=False)
class Post:
    """A post that is no repost and not deleted.

    `addressed`: accounts, and `to`: persons; none if they are too many, and none of before their erasure.
    `is_evidence`: not of before the erasure of its author, who stays one of the people of a session.
    `brought_by`: the attendee who brought a post of their own; `holds`: still has the account by that same proof.
    """

    record: Record
    sender: str
    addressed: frozenset[str]
    to: frozenset[str]
    sessions: frozenset[Session]
    is_evidence: bool
    brought_by: str | None
    holds: bool

    @property
    def actor(self) -> str:
        return str(self.record.event["actor"])

    @property
    def hashtags(self) -> set[str]:
        return set(self.record.event["hashtags"])

    @property
    def vouches(self) -> bool:
        """May what it addresses count for somebody else?"""
        return self.is_evidence and (self.brought_by is None or self.holds)


class Attendance:
    """The sessions of all posts; a person is an attendee, or an account that no attendee has."""

    def __init__(self, posts: Sequence[Post]) -> None:
        # What the erased brought themselves is gone with them.
        self._posts = [p for p in posts if p.is_evidence or p.brought_by is None]

    @cached_property
    def _by_session(self) -> dict[Session, list[Post]]:
        found: dict[Session, list[Post]] = {}
        for post in self._posts:
            for session in post.sessions:
                found.setdefault(session, []).append(post)
        return found

    @cached_property
    def _vouched_for(self) -> dict[Session, set[str]]:
        """Whom somebody else addressed in each session, in a post that they did not bring."""
        return {
            session: {person for p in posts if p.vouches for person in p.to if person not in (p.sender, p.brought_by)}
            for session, posts in self._by_session.items()
        }

    def _shows(self, post: Post, session: Session) -> bool:
        """Does a post put its author into the session?"""
        return post.brought_by is None or post.sender in self._vouched_for[session]

    def number_of_people(self, session: Session) -> int:
        """Its authors, also those of before an erasure: the number tells nothing about anybody."""
        return len({p.sender for p in self._by_session[session] if self._shows(p, session)})

    def attended(self, person: str) -> set[Session]:
        """The sessions that a person was in, by posts that are evidence."""
        own = [p for p in self._posts if p.sender == person and p.is_evidence]
        return {session for p in own for session in p.sessions if self._shows(p, session)}
