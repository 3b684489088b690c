"""The summary of a run, in a few lines on standard error. The digest has a line of its own."""

import sys
from collections import Counter

from rich.console import Console
from rich.text import Text

from services.cli.streams.rejects import Rejects

_ORDER = ("match.suggested", "match.agreed", "match.located", "match.withdrawn")
_SHOWN_GROUPS = 10


def plural(count: int, one: str, many: str | None = None) -> str:
    """A number with its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def console() -> Console:
    """A console on standard error; plain text without line breaks if it is not a terminal."""
    return Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())


def say(text: str, style: str = "") -> None:
    """Prints a line on standard error, without control characters, which an input could use to move the cursor."""
    console().print(Text("".join(sign if sign.isprintable() else "�" for sign in text), style=style))


def summary(
    events: int, seconds: float, outputs: Counter[str], rejects: Rejects, unrouted: int, *, stopped: bool
) -> None:
    """Prints how many events were read, outputs emitted and lines rejected."""
    if stopped:
        say("Stopped before the end of the input; the numbers below are of the part before.", "yellow")
    rate = f", {events / seconds:,.0f} a second" if seconds > 0.01 else ""
    say(f"{plural(events, 'event')} in {seconds:.1f} s{rate}", "bold")
    total = sum(outputs.values())
    kinds = ", ".join(f"{outputs[kind]:,} {kind}" for kind in _ORDER if outputs[kind])
    say(f"{plural(total, 'output')}{': ' + kinds if kinds else ''}")
    if unrouted:
        say(f"{plural(unrouted, 'post or deletion', 'posts and deletions')} that no conference tracks")
    _print_rejects(rejects)


def _print_rejects(rejects: Rejects) -> None:
    if not rejects.total:
        return
    say(f"{plural(rejects.total, 'line')} rejected:", "yellow")
    groups = sorted(rejects.groups.values(), key=lambda group: -group.count)
    for group in groups[:_SHOWN_GROUPS]:
        where = f"{group.source}, line {group.line:,}"
        say(f"  {group.count:,} x {group.reason} ({'first: ' if group.count > 1 else ''}{where})")
    rest = sum(group.count for group in groups[_SHOWN_GROUPS:])
    if rest:
        say(f"  {rest:,} x other reasons")
