"""``hallway explain``: why two attendees were, or were not, suggested to each other.

Responsibility: folding up to a moment, finding the names, writing the pair's story. What judges is
``streams.matching.explanation``.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

from schemas.codec import Record
from schemas.events import Activity, ClockTicked, ConferenceOpened, Input
from schemas.outputs import AnyOutput, MatchAgreed, MatchLocated, MatchSuggested, MatchWithdrawn
from schemas.times import format_time
from services.cli.logs.explanation_text import to_sentence
from services.cli.logs.replay import Run
from services.usage_errors import UnusableError
from streams.compare import describe_reasons
from streams.matching import Matcher
from streams.matching.explanation.explain import explain
from streams.matching.explanation.steps import PairStep
from streams.matching.state import NEVER

_UNKNOWN_PENALTY = 10  # more than two known people can miss; a known pair always has more steps
_MARKS = {True: "yes", False: "NO ", None: "   "}


@dataclass(slots=True)
class Closest:
    """The moment (ms) at which the fewest conditions of a pair's suggestion were missing, and the conditions then."""

    at: int = NEVER
    steps: list[PairStep] = field(default_factory=list)


class Story:
    """What happens to a pair while a log is folded: its outputs, and the moment it came closest to a suggestion."""

    def __init__(self, run: Run, conference: str, pair: tuple[str, str]) -> None:
        self.outputs: list[AnyOutput] = []
        self.closest = Closest()
        self._run, self._conference, self._pair = run, conference, pair
        self._missing = 1 << 30

    def take(self, event: Input | None, outputs: Iterable[AnyOutput]) -> None:
        """Takes a record and its outputs. Only a record about one of the two can bring them closer."""
        self.outputs += [one for one in outputs if one.conference == self._conference and _is_about(one, self._pair)]
        if event is None or not self._concerns(event):
            return
        matcher = self._run.replay.matchers.get(self._conference)
        if matcher is None or not matcher.state.opened or matcher.state.closed:
            return
        steps = explain(matcher, *self._pair, matcher.state.now)
        # For an unknown person the later conditions cannot be judged, so that counts as farthest away.
        missing = sum(step.ok is False for step in steps) + (_UNKNOWN_PENALTY if len(steps) < _UNKNOWN_PENALTY else 0)
        if missing <= self._missing:  # the last such moment, because evidence accumulates
            self._missing, self.closest = missing, Closest(matcher.state.now, steps)

    def _concerns(self, event: Input) -> bool:
        if isinstance(event, Activity):
            matcher = self._run.replay.matchers.get(self._conference)
            account = matcher.state.accounts_by_name.get(event.actor) if matcher is not None else None
            return account is not None and account.owner in self._pair
        return getattr(event, "attendee", None) in self._pair or isinstance(event, ConferenceOpened)


def fold_until(run: Run, story: Story | None, conference: str, until: int | None = None) -> None:
    """Folds up to and including ``until`` (ms; None: the end), and passes everything to the story."""
    late: object = None  # the input whose rest comes after `until`
    for batch in run.records():
        for record in batch:
            if until is not None and (late is run.current or _recorded_ms(record) > until):
                late = run.current
                break
            outputs = run.replay.feed(record)
            if story is not None:
                story.take(record.event, outputs)
    if until is not None and conference in run.replay.matchers:
        outputs = _pass_time(run.replay.matchers[conference], conference, until)
        if story is not None:
            story.take(None, outputs)


def _recorded_ms(record: Record) -> int:
    return record.at if record.recorded is None else record.recorded


def _pass_time(matcher: Matcher, conference: str, until: int) -> list[AnyOutput]:
    """Applies a tick at ``until``, so that everything due by then happens."""
    tick = ClockTicked(id=f"explain:{until}", at=format_time(until), conference=conference)
    return matcher.apply(tick, until, until)


def _is_about(output: AnyOutput, pair: tuple[str, str]) -> bool:
    if isinstance(output, MatchLocated):
        return {output.attendee, *output.to} == set(pair)
    return output.attendees == pair


def find_matcher(run: Run, conference: str) -> Matcher:
    """The conference's matcher. UnusableError lists the known conferences."""
    found = run.replay.matchers.get(conference)
    if found is None:
        names = sorted(run.replay.matchers)
        raise UnusableError(
            f"The input has no conference {conference}.{_near(conference, names)} "
            + (f"It has: {', '.join(names[:10])}." if names else "It has no conference at all.")
        )
    return found


def describe_unopened(matcher: Matcher) -> str:
    """The note for a conference without ``conference.opened``."""
    return f"{matcher.state.conference} was not opened up to here: all that came for it waits for conference.opened."


def check_attendee(matcher: Matcher, name: str) -> None:
    """UnusableError suggests similar names for an unknown attendee. Before the opening nobody is known yet."""
    if not matcher.state.opened:
        return
    if name not in matcher.state.attendees and not matcher.observer.people.is_erased(name):
        raise UnusableError(
            f"The conference {matcher.state.conference} has no attendee {name}."
            f"{_near(name, matcher.state.attendees)} Attendees are named by their ids in the log."
        )


def _near(name: str, names: Iterable[str]) -> str:
    near = get_close_matches(name, list(names), n=3, cutoff=0.6)
    return f" Did you mean {' or '.join(near)}?" if near else ""


def write_story(
    matcher: Matcher, pair: tuple[str, str], story: Story, *, ends: bool, line: Callable[[str], None]
) -> None:
    """Writes the pair's outputs, the conditions and the verdict. ``ends``: no moment was given.

    For a pair that was never suggested, it shows the moment at which they came closest, not the end of the input, when
    everyone has gone home.
    """
    a, b = pair
    line(f"{a} and {b} at {matcher.state.conference}\n")
    line("Outputs for them:" if story.outputs else "No outputs for them.")
    for output in story.outputs:
        line(f"  {format_to_second(output.at)}  {_describe_output(output)}")
    now = matcher.state.now
    suggested = any(isinstance(output, MatchSuggested) for output in story.outputs)
    if ends and not suggested and story.closest.steps:
        line(f"\nThey came closest to a suggestion at {format_to_second(format_time(story.closest.at))}:")
        steps = story.closest.steps
    else:
        when = f"now, at {format_to_second(format_time(now))}" if matcher.state.opened else "now"
        line(f"\nCould they be suggested to each other {when}?")
        steps = explain(matcher, a, b, now)
    if not matcher.state.opened:
        line(f"  {describe_unopened(matcher)}")
    for step in steps:
        line(f"  {_MARKS[step.ok]}  {to_sentence(step)}")
    line(f"\n{_verdict(steps, suggested)}")
    if ends and suggested:
        line("--at TIME explains an earlier moment.")


def format_to_second(at: str) -> str:
    """A time for people, in UTC."""
    return f"{at[:19].replace('T', ' ')} UTC"


def _describe_output(output: AnyOutput) -> str:
    to = " and ".join(output.to)
    match output:
        case MatchSuggested():
            near = ", near each other" if output.near else ""
            said = f"suggested to {to}: score {output.score:.4f}, {describe_reasons(output.reasons)}{near}"
        case MatchAgreed():
            said = f"agreed: both accepted, told to {to}"
        case MatchLocated():
            said = f"located: {output.attendee} is at {output.place}, told to {to}"
        case MatchWithdrawn():
            said = f"withdrawn from {to}: {output.cause}"
    return f"{said} ({output.match}, record {output.position}, caused by {output.caused_by})"


def _verdict(steps: list[PairStep], suggested: bool) -> str:
    missing = ", ".join(dict.fromkeys(step.name for step in steps if step.ok is False))
    if not missing:
        return "Everything holds: they are suggested with the next record that concerns them."
    if suggested:
        return f"They were suggested, see above. What prevents another suggestion: {missing}."
    return f"They were not suggested. What was missing: {missing}."
