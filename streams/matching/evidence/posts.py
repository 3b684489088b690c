"""What accounts posted: new posts, deletions, expiry, erasure.

Responsibility: ``posts``, ``buried`` (posts of erased people), ``deletions``, and what accounts sent each other. Who
owns an account is up to ``people``.
Invariants: after ``advance(now)`` the state holds exactly what counts at now. The cost of a step is in the order of
what that one post touches, not of the number of posts.
"""

from schemas.events import ActivityPosted
from schemas.times import DAY_MS
from streams.matching import accounts
from streams.matching.evidence.expiry import NOTHING, ExpiryQueue
from streams.matching.evidence.sessions import Sessions
from streams.matching.ids import trace
from streams.matching.state import NOT_UPLOADED, ORDER_BITS, UPLOADED, UPLOADED_BEFORE, Account, Post, State

MAX_ADDRESSED = 10  # a post to more people is an announcement, not a conversation
_TAG_SETS = 100_000


def _upload(event: ActivityPosted) -> int:
    """How a post was uploaded. Attendees upload posts of their own accounts only; others were refused before."""
    return UPLOADED if event.source is not None and event.source.startswith("attendee:") else NOT_UPLOADED


def mark_uploads_as_before(account: Account) -> None:
    """The account changes its owner: what was uploaded so far stays marked as a previous owner's."""
    for post in account.posts:
        if post.upload:
            post.upload = UPLOADED_BEFORE


class Evidence:
    """The evidence of one conference."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.expiring = ExpiryQueue()
        self.expiring.fill(state.posts.values())
        self.expiring.fill(state.buried.values())
        known = state.accounts
        for post in state.posts.values():
            if post.targets:
                self._file(known[post.author], post)
            else:
                known[post.author].posts.append(post)
        self.sessions = Sessions(state)
        self._tags: dict[tuple[str, ...], tuple[str, ...]] = {}
        # When the oldest deletion was recorded whose post has not come; checking it saves scanning all.
        self._first_deletion = min(
            (said for of_post in state.deletions.values() for said in of_post.values()), default=NOTHING
        )

    def add(self, event: ActivityPosted, at: int, order: int) -> tuple[Account, Post, bool]:
        """Adds a post that counts. Returns its author, the post, and whether it brought the author into a session."""
        state = self.state
        author = state.accounts_by_name.get(event.actor) or accounts.account(state, event.actor)
        targets: tuple[int, ...] = ()
        tags: tuple[str, ...] = ()
        if event.repost_of is None and not (state.deletions and self._is_deleted(event)):
            tags = event.hashtags
            if tags:
                tags = self._tags.get(tags) or self._distinct(tags)
            if event.mentions or event.reply_to is not None:
                targets = self._targets(event, at)
        post = Post(at << ORDER_BITS | order, author.no, event.id, targets, tags, _upload(event))
        self.expiring.add(post)
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
        """The numbers of the distinct addressed accounts, without the author's own; none if there are too many."""
        addressed: tuple[str, ...] = event.mentions
        if event.reply_to is not None and event.reply_to not in addressed:
            addressed = (*addressed, event.reply_to)
        if len(addressed) > 1:
            addressed = tuple(dict.fromkeys(addressed))
        if event.actor in addressed:
            addressed = tuple([text for text in addressed if text != event.actor])
        if len(addressed) > MAX_ADDRESSED:
            return ()
        state = self.state
        targets = []
        for text in addressed:
            account = state.accounts_by_name.get(text) or accounts.account(state, text)
            if at >= account.cut_at:
                targets.append(account.no)
            else:
                accounts.forget_if_empty(state, account)
        return tuple(targets)

    def _distinct(self, hashtags: tuple[str, ...]) -> tuple[str, ...]:
        """One shared tuple for all posts with the same hashtags: most posts use a few combinations."""
        if len(self._tags) > _TAG_SETS:
            self._tags.clear()
        self._tags[hashtags] = distinct = tuple(dict.fromkeys(hashtags))
        return distinct

    def _bury_late(self, author: Account, post: Post) -> Post:
        """A post from before its account's erasure: it counts as a session's author, and is nobody's evidence."""
        for target in post.targets:
            accounts.forget_if_empty(self.state, self.state.accounts[target])
        self._bury(post)
        if post.tags:
            self.sessions.join(post, None)
        accounts.forget_if_empty(self.state, author)
        return post

    def _bury(self, post: Post) -> None:
        """Reduces an erased person's post to what recognizes its duplicates and its deletion. A post that they uploaded
        themselves was confirmed by nobody else, so it leaves its sessions too."""
        if post.upload:
            post.tags = ()
        post.id = trace(self.state.conference, post.id)
        post.targets = ()
        self.state.buried[post.id] = post

    def knows(self, post_id: str, now: int) -> bool:
        """Whether a post of this id was added and still counts."""
        state = self.state
        post = state.posts.get(post_id)
        if post is None and state.buried:
            post = state.buried.get(trace(state.conference, post_id))
        return post is not None and now - (post.stamp >> ORDER_BITS) < state.policy.evidence_days * DAY_MS

    # -- deletion --------------------------------------------------------------------------------------------------

    def delete(self, actor: str, deleted: str) -> None:
        """Deletes a post, if it is the actor's own. A post that has not arrived yet will not count."""
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

    def _is_deleted(self, event: ActivityPosted) -> bool:
        state = self.state
        said = state.deletions.get(event.id)
        if said is None and state.erased:
            said = state.deletions.get(trace(state.conference, event.id))
        return said is not None and trace(state.conference, event.actor) in said

    def _unsend(self, post: Post) -> None:
        author = self.state.accounts.get(post.author)
        for target in post.targets:
            assert author is not None  # only posts of existing accounts have targets
            posts = author.sent[target]
            posts.remove(post)
            if not posts:
                del author.sent[target]
                other = self.state.accounts[target]
                accounts.unlink(author, other)
                accounts.forget_if_empty(self.state, other)

    # -- erasure and expiry ----------------------------------------------------------------------------------------

    def erase(self, account: Account, at: int) -> None:
        """Removes an account's evidence, in both directions. Its number remains among its sessions' authors."""
        state = self.state
        for sender in [state.accounts[number] for number in account.senders]:
            for post in sender.sent.pop(account.no):
                post.targets = tuple([target for target in post.targets if target != account.no])
            accounts.unlink(sender, account)
        joined = list(account.sessions)
        for post in account.posts:
            self._unsend(post)
            del state.posts[post.id]
            if post.upload:
                self.sessions.leave(post, post.tags, post.targets)
            self._bury(post)
        account.posts, account.sessions = [], {}
        self.sessions.review(joined)
        name = trace(state.conference, account.text)
        for post_id in [post_id for post_id, said in state.deletions.items() if name in said]:
            state.deletions[trace(state.conference, post_id)] = state.deletions.pop(post_id)
        accounts.bury(state, account, at)

    def advance(self, now: int) -> None:
        """Removes what has expired by now (ms)."""
        limit = now - self.state.policy.evidence_days * DAY_MS
        if self.expiring.oldest > limit and self.sessions.oldest > limit and self._first_deletion > limit:
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
        for post in self.expiring.pop_expired(limit):
            if state.buried.pop(post.id, None) is None:
                self._unsend(post)
                author = state.accounts[post.author]
                author.posts.remove(post)
                del state.posts[post.id]
                accounts.forget_if_empty(state, author)
