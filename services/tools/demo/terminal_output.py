"""The demo's terminal output: whose pages there are, what to look at, how the day goes. Plain text, for people."""

import sys
from collections.abc import Mapping

from services.tools.demo.api_clients import Json
from services.tools.demo.script import CONFERENCE, Script

NEWS_S = 1_800  # of the day


class DemoTerminal:
    """``address``: the server's. ``speed``: so many times as fast; None: no waiting."""

    def __init__(self, script: Script, address: str, speed: float | None) -> None:
        self._script, self._address, self._speed = script, address, speed
        self._next = 0

    def registered(self, people: int) -> None:
        """The conference is open."""
        _line(
            f"{people} people registered for {self._script.opening['name']}: the badges are real, the names invented."
        )

    def talked(self, posts: int) -> None:
        """The chats of half a year are in."""
        _line(f"{posts:,} posts of half a year show who knows whom.")

    def doors(self, ids: Mapping[int, str], links: Mapping[int, str], key: str, here: int) -> None:
        """The last of setting up: whose pages there are."""
        me, friend = (self._script.company.people[number] for number in self._script.viewers)
        # Another name of this machine: a browser keeps a session for each, so both can be open side by side.
        other = links[friend.number].replace("//127.0.0.1:", "//localhost:")
        _line(f"""{here} people are in already.

You are {me.name}. Open your page, best in a window as narrow as a phone:
  {links[me.number]}
Cards come as people arrive whom you talked with online. Answer them: nobody else does it for you.

{friend.name} is on your first card. Be {friend.name.split()[0]} too, in another window:
  {other}
Say "Let's meet" on both pages, and see what changes, and what neither page shows before.

The organizer sees the numbers, and no private matter. Open the page, and sign in with the key:
  {self._address}/organizer#{CONFERENCE}
  {key}
Some check-ins come misspelt: fix one under the dead letters. And ask "Why, or why not?" of two ids:
  {ids[me.number]}  {ids[friend.number]}

{self._pace()}""")

    def _pace(self) -> str:
        if self._speed is None:
            return "The doors open. The day goes by as fast as it can, and then all of this ends."
        return f"The doors open. The day goes by {self._speed:g} times as fast as it did. Ctrl-C ends it at any time."

    def is_due(self, second: int) -> bool:
        """Whether there should be news at this second of the day; asked in order."""
        if second < self._next:
            return False
        self._next = second - second % NEWS_S + NEWS_S
        return True

    def news(self, second: int, numbers: Json) -> None:
        """How it goes."""
        clock = f"{second // 3_600:02}:{second % 3_600 // 60:02}"
        _line(f"{clock}  about {numbers['present']} here, {_matches(numbers)}".replace("<", "fewer than "))

    def over(self, numbers: Json, *, stays: bool = False) -> None:
        """The play is over."""
        _line(f"The day is over: {_matches(numbers)}.")
        if stays:
            _line("The pages stay open, and the others still answer. Ctrl-C ends it.")


def _matches(numbers: Json) -> str:
    told = {name: str(number).replace("<", "fewer than ") for name, number in numbers["totals"].items()}
    return f"about {told['suggested']} suggested, {told['agreed']} agreed, {told['met']} met"


def _line(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
