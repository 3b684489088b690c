"""What accounts said: posts in, deletions, ageing, erasure.

Owns: ``posts``, ``buried``, ``deletions`` and what accounts sent to each other; after ``advance(now)`` they hold
exactly
what counts at now. May never: know attendees; to whom an account belongs is the matter of ``people``.
Every step costs in the order of what the one post touches, not of the posts before it.
"""

from schemas.events import ActivityPosted
from schemas.times import DAY_MS
from streams.matching import accounts
from streams.matching.expiry import NOTHING, Ageing
from streams.matching.ids import trace
from streams.matching.sessions import Sessions
from streams.matching.state import NOT_UPLOADED, ORDER_BITS, UPLOADED, UPLOADED_BEFORE, Account, Post, State

MOST_ADDRESSED = 10  # a post to more people is an announcement, not a conversation
_TAG_SETS = 100_000


def _upload(event: ActivityPosted) -> int:
    """Posts that do not count by who brought them never come here: an attendee uploads only of an account they have."""
    return UPLOADED if event.source is not None and event.source.startswith("attendee:") else NOT_UPLOADED


def change_hands(account: Account) -> None:
    """Whoever proved the account has it no more: what they uploaded stays theirs."""
    for post in account.posts:
        if post.upload:
            post.upload = UPLOADED_BEFORE


class Evidence:
    """The evidence of one conference."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.ageing = Ageing()
        self.ageing.fill(state.posts.values())
        self.ageing.fill(state.buried.values())
        known = state.accounts
        for post in state.posts.values():
            if post.targets:
                self._file(known[post.author], post)
            else:
                known[post.author].posts.append(post)
        self.sessions = Sessions(state)
        self._tags: dict[tuple[str, ...], tuple[str, ...]] = {}
        # When the first of the deletions was said whose posts have not come; a look at it spares a look at all.
        self._first_deletion = min(
            (said for of_post in state.deletions.values() for said in of_post.values()), default=NOTHING
        )

    def add(self, event: ActivityPosted, at: int, order: int) -> tuple[Account, Post, bool]:
        """Takes a post in that counts. Gives its author, itself, and whether it brought the author into a session."""
        state = self.state
        author = state.numbers.get(event.actor) or accounts.account(state, event.actor)
        targets: tuple[int, ...] = ()
        tags: tuple[str, ...] = ()
        if event.repost_of is None and not (state.deletions and self._was_deleted(event)):
            tags = event.hashtags
            if tags:
                tags = self._tags.get(tags) or self._distinct(tags)
            if event.mentions or event.reply_to is not None:
                targets = self._targets(event, at)
        post = Post(at << ORDER_BITS | order, author.no, event.id, targets, tags, _upload(event))
        self.ageing.add(post)
        if at < author.cut_at:
            return author, self._bury_late(author, post), False
        state.posts[event.id] = post
        if targets:
            self._file(author, post)
        else:
            author.posts.append(post)
        in_chat = tags and not self.sessions.declared.isdisjoint(tags)
        return author, post, bool(in_chat) and self.sessions.join(post, author)

    def _file(self, author: Account, post: Post) -> None:
        author.posts.append(post)
        sent = author.sent
        for target in post.targets:
            if target in sent:
                sent[target].append(post)
            else:
                sent[target] = [post]
                accounts.link(author, self.state.accounts[target])

    def _targets(self, event: ActivityPosted, at: int) -> tuple[int, ...]:
        """The numbers of the distinct accounts addressed but the author's own; none when they are too many."""
        addressed: tuple[str, ...] = event.mentions
        if event.reply_to is not None and event.reply_to not in addressed:
            addressed = (*addressed, event.reply_to)
        if len(addressed) > 1:
            addressed = tuple(dict.fromkeys(addressed))
        if event.actor in addressed:
            addressed = tuple([text for text in addressed if text != event.actor])
        if len(addressed) > MOST_ADDRESSED:
            return ()
        state = self.state
        targets = []
        for text in addressed:
            account = state.numbers.get(text) or accounts.account(state, text)
            if at >= account.cut_at:
                targets.append(account.no)
            else:
                accounts.forget_if_empty(state, account)
        return tuple(targets)

    def _distinct(self, hashtags: tuple[str, ...]) -> tuple[str, ...]:
        """One tuple for all posts with the same hashtags, for most posts share a few."""
        if len(self._tags) > _TAG_SETS:
            self._tags.clear()
        self._tags[hashtags] = distinct = tuple(dict.fromkeys(hashtags))
        return distinct

    def _bury_late(self, author: Account, post: Post) -> Post:
        """A post from before its account's erasure: one of a session's authors, and otherwise nobody's evidence."""
        for target in post.targets:
            accounts.forget_if_empty(self.state, self.state.accounts[target])
        self._bury(post)
        if post.tags:
            self.sessions.join(post, None)
        accounts.forget_if_empty(self.state, author)
        return post

    def _bury(self, post: Post) -> None:
        """Keeps of an erased person's post what tells a double and a deletion of it. What they uploaded themselves
        was their word alone: it is in no session any more."""
        if post.upload:
            post.tags = ()
        post.id = trace(self.state.conference, post.id)
        post.targets = ()
        self.state.buried[post.id] = post

    def knows(self, post_id: str, now: int) -> bool:
        """Whether a post of this id was taken in and still counts."""
        state = self.state
        post = state.posts.get(post_id)
        if post is None and state.buried:
            post = state.buried.get(trace(state.conference, post_id))
        return post is not None and now - (post.stamp >> ORDER_BITS) < state.policy.evidence_days * DAY_MS

    # -- deletion --------------------------------------------------------------------------------------------------

    def delete(self, actor: str, deleted: str) -> None:
        """A post is gone, if it is its actor's; one that has not come yet will not count."""
        state = self.state
        post = state.posts.get(deleted)
        if post is None and state.buried:
            post = state.buried.get(trace(state.conference, deleted))
        if post is None:
            said = state.deletions.pop(deleted, {})
            state.deletions[deleted] = {**said, trace(state.conference, actor): state.now}
            self._first_deletion = min(self._first_deletion, state.now)
        elif post.author == accounts.number(state, actor):
            tags, targets = post.tags, post.targets
            self._unsend(post)
            post.targets = post.tags = ()
            self.sessions.leave(post, tags, targets)

    def _was_deleted(self, event: ActivityPosted) -> bool:
        state = self.state
        said = state.deletions.get(event.id)
        if said is None and state.erased:
            said = state.deletions.get(trace(state.conference, event.id))
        return said is not None and trace(state.conference, event.actor) in said

    def _unsend(self, post: Post) -> None:
        author = self.state.accounts.get(post.author)
        for target in post.targets:
            assert author is not None  # only who has an account has targets left
            posts = author.sent[target]
            posts.remove(post)
            if not posts:
                del author.sent[target]
                other = self.state.accounts[target]
                accounts.unlink(author, other)
                accounts.forget_if_empty(self.state, other)

    # -- erasure and ageing ----------------------------------------------------------------------------------------

    def erase(self, account: Account, at: int) -> None:
        """Ends an account's evidence, both ways; its number stays one of its sessions' people."""
        state = self.state
        for sender in [state.accounts[number] for number in account.senders]:
            for post in sender.sent.pop(account.no):
                post.targets = tuple([target for target in post.targets if target != account.no])
            accounts.unlink(sender, account)
        sat_in = list(account.sessions)
        for post in account.posts:
            self._unsend(post)
            del state.posts[post.id]
            if post.upload:
                self.sessions.leave(post, post.tags, post.targets)
            self._bury(post)
        account.posts, account.sessions = [], {}
        self.sessions.review(sat_in)
        name = trace(state.conference, account.text)
        for post_id in [post_id for post_id, said in state.deletions.items() if name in said]:
            state.deletions[trace(state.conference, post_id)] = state.deletions.pop(post_id)
        accounts.bury(state, account, at)

    def advance(self, now: int) -> None:
        """Lets go of what stops counting up to now."""
        limit = now - self.state.policy.evidence_days * DAY_MS
        if self.ageing.oldest > limit and self.sessions.oldest > limit and self._first_deletion > limit:
            return
        self.sessions.advance(limit)
        self._expire(limit)
        accounts.advance(self.state, limit)
        deletions = self.state.deletions
        while deletions:
            said = max(next(iter(deletions.values())).values())
            if said > limit:
                self._first_deletion = said
                return
            del deletions[next(iter(deletions))]
        self._first_deletion = NOTHING

    def _expire(self, limit: int) -> None:
        state = self.state
        for post in self.ageing.take(limit):
            if state.buried.pop(post.id, None) is None:
                self._unsend(post)
                author = state.accounts[post.author]
                author.posts.remove(post)
                del state.posts[post.id]
                accounts.forget_if_empty(state, author)
