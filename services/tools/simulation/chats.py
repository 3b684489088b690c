"""What is said: the weekly sessions of the chats, and the talk of every day between them.

Responsibility: who says what to whom, and how much on which day. It writes no text (events have none).

Numbers and reasons (the shares of posts: five real conferences, 2012-2017: 0.29 to 0.62 reposts, 0.13 to 0.25
address somebody, about a tenth of who is addressed addresses back; chats are dialogue, users.md):
- ``_volume``: a steady half year, then rising to 3.4 times in the last 60 days; a conference day has 60
  times the talk of a day before: people post where they are, and the hashtag draws those who stayed at
  home.
- A week's chats together have 1.4 times the posts of a week's talk. A session has one person for 8 posts,
  and its regulars come again and again (drawn by activity, hosts first), so that pairs reach three common
  sessions.
- In a session 15 % repost, 50 % reply to one of the last eight authors, 8 % mention two; the rest is said
  to all. Hosts turn to newcomers. Nobody answers a vendor or a fan.
- Talk: 45 % reposts, 30 % in threads of two friends (a thread has 2 to 8 posts, most 2 or 3, a tenth is
  never answered). People talk with the same few again and again, so that pairs reach two posts each way.
  ``density`` above 1 is for load: more of the talk is in threads, which are longer and go to all friends alike.
- Vendors: 30 % of their posts mention 11 to 14 people at once, 40 % one person, one way.
"""

from dataclasses import dataclass

from services.tools.simulation.people import Cast, Role, Voice
from services.tools.simulation.posts import Posts
from services.tools.simulation.randomness import Chance, Draw, shared_out
from services.tools.simulation.schedule import AFTER_DAYS, LEAD_DAYS, TAG, Program, moment, window_ms
from services.tools.simulation.ties import Ties

FIRST_TALK_DAY = 1 - LEAD_DAYS  # the conference was opened the day before
# Posts by hour of the American day (Pacific time): few at night, most at noon.
_HOURS = (1, 1, 1, 1, 2, 4, 7, 9, 10, 10, 10, 10, 11, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1)
_ATTENDANCE = {Role.HOST: 40, Role.REGULAR: 4, Role.NEWCOMER: 4, Role.FAN: 2, Role.VENDOR: 1}
_SILENT = (Role.FAN, Role.VENDOR)  # whom nobody answers


@dataclass(slots=True)
class _Thread:
    last: Voice
    other: Voice
    tags: tuple[str, ...]
    left: int


def _volume(day: int, days: int) -> int:
    """Hundredths of a day's usual posts."""
    if 0 <= day < days:
        return 6_000
    if day >= days:
        return 400
    return 100 + 4 * max(0, 60 + day)


class Chats:
    """All posts of a simulation, day by day."""

    def __init__(
        self, cast: Cast, program: Program, posts: Posts, ties: Ties, count: int, seed: int, density: int = 1
    ) -> None:
        self._cast = cast
        self._density = density
        self._going_on = 0.24 if density == 1 else 0.75
        self._to_friends = 0.3 if density == 1 else 0.75 + 0.05 * density
        self._program = program
        self._posts = posts
        self._ties = ties
        self._chance = chance = Chance(seed, "chats")
        self._budget = self._planned(count)
        voices = cast.voices
        members: list[list[Voice]] = [[] for _ in program.chats]
        for voice in voices:
            for chat in voice.chats:
                members[chat].append(voice)
        self._members = [Draw(chance, each, [_ATTENDANCE[v.role] * (9 + v.activity) for v in each]) for each in members]
        self._all = Draw(chance, voices, [voice.activity for voice in voices])
        self._hours = Draw(chance, range(24), _HOURS)
        self._threads: list[_Thread] = []

    def _planned(self, count: int) -> dict[tuple[int, int], int]:
        """Posts by (day, index of the chat with a session, or -1 for talk)."""
        days = self._program.days
        session = 200 // (len(self._program.chats) - 1)
        slots: list[tuple[int, int]] = []
        weights: list[int] = []
        for day in range(FIRST_TALK_DAY, days + AFTER_DAYS):
            sessions = [index for index, _ in self._program.windows(day)]
            slots += [(day, index) for index in (-1, *sessions)]
            usual = min(_volume(day, days), 600)  # a chat has no sixty times larger session
            weights += [20 * _volume(day, days), *(session * usual for _ in sessions)]
        return dict(zip(slots, shared_out(count, weights), strict=True))

    def day(self, day: int) -> None:
        """All posts of a local day."""
        for index, start in self._program.windows(day):
            self._session(day, index, start, self._budget.get((day, index), 0))
        self._talk(day, self._budget.get((day, -1), 0))

    def _speaker(self, draw: Draw[Voice], day: int) -> Voice:
        """Somebody who is there on that day already."""
        for _ in range(8):
            voice = draw.one()
            if voice.since <= day:
                return voice
        return self._cast.voices[0]  # a host, there from the beginning

    def _session(self, day: int, index: int, start: int, count: int) -> None:
        chance, chat = self._chance, self._program.chats[index]
        draw, host = self._members[index], chance.pick(self._cast.hosts[index])
        wanted = min(len(draw), 3 + count // 8)
        drawn = [host, *(self._speaker(draw, day) for _ in range(3 * wanted))]
        people = list(dict.fromkeys(drawn))[:wanted]
        new = [voice for voice in people if voice.role is Role.NEWCOMER]
        recent = [host]
        authors: dict[int, None] = {}
        window = window_ms(chat)
        for at in sorted([start + int(chance.unit() * window) for _ in range(count)]):
            voice = host if chance.unit() < 0.12 else chance.pick(people)
            if self._turn(voice, at, (chat.hashtag,), recent, new if voice is host else []):
                authors[voice.person] = None
            if voice.role not in _SILENT:
                recent.append(voice)
                del recent[:-8]
        self._ties.session(authors)

    def _turn(self, voice: Voice, at: int, tags: tuple[str, ...], recent: list[Voice], new: list[Voice]) -> bool:
        """One post of a session; gives whether it was more than a repost."""
        chance, say = self._chance, self._posts.say
        other = chance.pick(new) if new and chance.unit() < 0.5 else chance.pick(recent)
        kind = chance.unit()
        if voice.role is Role.VENDOR:
            self._advertise(voice, at, tags, recent)
        elif other is voice or kind < 0.27:
            say(voice, at, tags)
        elif kind < 0.42:
            say(voice, at, tags, (other,), repost_of=other)
            return False
        elif kind < 0.92:
            say(voice, at, tags, (other,), reply_to=other)
        else:
            third = chance.pick(recent)
            say(voice, at, tags, (other,) if third is voice or third is other else (other, third))
        return True

    def _advertise(self, voice: Voice, at: int, tags: tuple[str, ...], seen: list[Voice]) -> None:
        chance = self._chance
        kind = chance.unit()
        if kind < 0.3:
            drawn = dict.fromkeys(self._all.one() for _ in range(40))
            named = [other for other in drawn if other is not voice][: chance.between(11, 15)]
            self._posts.say(voice, at, tags, tuple(named))
        elif kind < 0.7:
            self._posts.say(voice, at, tags, (chance.pick(seen),))
        else:
            self._posts.say(voice, at, tags)

    def _talk(self, day: int, count: int) -> None:
        chance, hours = self._chance, self._hours
        midnight = moment(day, 0)
        room = 8 + count // (20 if self._density == 1 else 3)
        for at in sorted([midnight + hours.one() * 3_600_000 + int(chance.unit() * 3_600_000) for _ in range(count)]):
            kind = chance.unit()
            if self._threads and kind < self._going_on:
                self._go_on(at)
            else:
                self._start(self._speaker(self._all, day), day, at, kind, len(self._threads) < room)

    def _go_on(self, at: int) -> None:
        threads = self._threads
        index = int(self._chance.unit() * len(threads))
        thread = threads[index]
        thread.last, thread.other, thread.left = thread.other, thread.last, thread.left - 1
        self._posts.say(thread.last, at, thread.tags, (thread.other,), reply_to=thread.other)
        if thread.left <= 0:
            threads[index] = threads[-1]
            threads.pop()

    def _start(self, voice: Voice, day: int, at: int, kind: float, room: bool) -> None:
        chance, say = self._chance, self._posts.say
        tags = self._tags(voice, day)
        if voice.role is Role.VENDOR:
            self._advertise(voice, at, tags, self._cast.hosts[voice.chats[0]])
        elif voice.role is Role.FAN and kind < 0.6:
            idol = self._cast.hosts[voice.chats[0]][0]
            say(voice, at, tags, (idol,))
        elif voice.friends and room and kind < self._to_friends:
            friend = self._friend(voice)
            say(voice, at, tags, (friend,))
            if chance.unit() < 0.9:
                self._threads.append(_Thread(voice, friend, tags, max(self._density - 1, chance.tail(7))))
        elif kind < 0.78:
            other = self._members[voice.chats[0]].one()
            if other is voice:
                say(voice, at, tags)
            else:
                say(voice, at, tags, (other,), repost_of=other)
        else:
            say(voice, at, tags)

    def _friend(self, voice: Voice) -> Voice:
        """Half of somebody's threads go to the closest quarter of their friends."""
        unit = self._chance.unit()
        return voice.friends[int((unit * unit if self._density == 1 else unit) * len(voice.friends))]

    def _tags(self, voice: Voice, day: int) -> tuple[str, ...]:
        """The conference's hashtag, more often the nearer it is; the chat's; sometimes none."""
        chance = self._chance
        own = self._program.chats[voice.chats[int(chance.unit() * len(voice.chats))]].hashtag
        kind = chance.unit()
        if day >= 0:
            return (TAG,) if kind < 0.7 else (TAG, own) if kind < 0.9 else (own,)
        if kind < 0.15:
            return ()
        near = 0.3 if day < -60 else 0.5
        return (TAG,) if kind < near else (TAG, own) if kind < near + 0.1 else (own,)
