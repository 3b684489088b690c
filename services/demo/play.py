"""``hallway demo``: a day at an invented conference, its matches shown as they come.

Owns: which conference is played, the plain lines, the end. May never: be needed by anything else.
"""

import sys
import time
from collections.abc import Callable

from rich.console import Console
from rich.live import Live

from schemas.outputs import AnyOutput, MatchAgreed, MatchLocated, MatchSuggested, MatchWithdrawn
from services.commands.replaying import Clock, without_collector
from services.demo import wording
from services.demo.pseudonyms import Pseudonyms
from services.demo.scenes import Day, Scene, day_of, share_out
from services.demo.stage import Stage
from services.demo.wording import Name
from services.problems import INTERRUPTED
from services.simulation import simulate

# A small conference whose people all fit into half a minute; another seed is another one.
_ATTENDEES, _POSTS, _SEED = 120, 6_000, 1
_PROLOGUE_SECONDS = 3.0
_FRAMES_A_SECOND = 10
_MOST_LINES = 40  # a taller terminal shows more cards, up to what an eye can follow


def play(*, speed: float | None, fast: bool, clock: Clock | None = None) -> int:
    """Plays the day. ``speed``: so many times as fast as it happened; None: about half a minute in all."""
    with without_collector():
        day = day_of(simulate(attendees=_ATTENDEES, posts=_POSTS, days=1, seed=_SEED))
    names = Pseudonyms()
    console = Console(highlight=False)
    sleep = (clock or Clock(time.monotonic, time.sleep)).sleep
    live = console.is_terminal and not fast
    # In a pipe nobody watches: it waits only if a speed is asked for.
    waiting = not fast and (live or speed is not None)
    share_out(day.scenes, speed)
    code = 0
    try:
        if live:
            _live(day, names, console, sleep)
        else:
            _plain(day, names, sleep if waiting else None)
    except KeyboardInterrupt:
        code = INTERRUPTED
    _epilogue(day)
    return code


def _live(day: Day, names: Name, console: Console, sleep: Callable[[float], None]) -> None:
    console.print("[bold]Half a year before the conference[/]")
    _say_before(day, console.print)
    sleep(_PROLOGUE_SECONDS)
    stage = Stage(day, names, min(console.height, _MOST_LINES) - 1)
    with Live(stage, console=console, auto_refresh=False, vertical_overflow="crop") as screen:
        for scene in day.scenes:
            stage.play(scene)
            screen.refresh()
            sleep(scene.seconds)


def _plain(day: Day, names: Name, sleep: Callable[[float], None] | None) -> None:
    _say_before(day, _line)
    for scene in day.scenes:
        if scene.output is not None:
            at = wording.clock(scene.at, day.zone)
            for line in _told(day, scene, scene.output, names):
                _line(f"{at}  {line}")
        if sleep is not None:
            sys.stdout.flush()
            sleep(scene.seconds)


def _line(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _say_before(day: Day, line: Callable[[str], object]) -> None:
    before = day.before
    line(f"{before.posts:,} posts, week after week, by people who never met.")
    line(f"{before.registered:,} of them and others registered for {day.name} and said what they allow.")
    line("Now the doors open.")


def _told(day: Day, scene: Scene, output: AnyOutput, names: Name) -> list[str]:
    match output:
        case MatchSuggested() if len(output.to) == 1:
            return [f"{names(output.to[0])} asked for later, and is asked once more"]
        case MatchSuggested():
            a, b = (names(person) for person in output.attendees)
            near = ", near each other" if output.near else ""
            why = [f"       {wording.reason(one, day.zone)}" for one in output.reasons]
            return [f"{a} + {b}: both are here{near}", *why]
        case MatchAgreed():
            a, b = (names(person) for person in output.attendees)
            return [f"{a} + {b}: both said yes; {wording.whereabouts(output, names, day.places)}"]
        case MatchLocated():
            return [f"{names(output.attendee)}: I'm at {day.places.get(output.place, output.place)}"]
        case MatchWithdrawn():
            return [f"{' + '.join(names(person) for person in output.attendees)}: the card is taken back"]


def _epilogue(day: Day) -> None:
    counts = day.scenes[-1].counts if day.scenes else day.before
    first = next((scene.at for scene in day.scenes if isinstance(scene.output, MatchSuggested)), None)
    start = f" The first card came at {wording.clock(first, day.zone)}." if first else ""
    _line(f"\n{counts.suggested} cards, {counts.agreed} times both said yes.{start}")
    _line("Nobody saw an answer of the other before both agreed; nobody learns why a card went.")
    _line(f"digest {day.digest}")
    _line("\nTry next:")
    _line(f"  hallway simulate --attendees {_ATTENDEES} --posts {_POSTS} --days 1 --output day.jsonl")
    _line("  hallway replay day.jsonl --output matches.jsonl      the same day as fast as it goes")
    _line("  hallway ties day.jsonl --conference health-it-2026   who knows whom, and why")
    _line("  hallway replay --help                                compare with another policy")
