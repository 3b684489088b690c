"""``hallway replay``, ``ties`` and ``explain``: the commands that fold an input."""

import sys
from collections.abc import Sequence
from typing import Annotated

from cyclopts import Parameter

from schemas.codec import encode_output
from schemas.times import millis
from services.cli.logs import diff as diff_commands
from services.cli.logs import explain as explain_command
from services.cli.logs.diff_report import show
from services.cli.logs.replay import Run, garbage_collection_paused
from services.cli.logs.replay import replay as replay_run
from services.cli.logs.summary import plural, say, summary
from services.cli.options import INPUT, Conference, Inputs, Output, check_names
from services.cli.streams.files import STANDARD
from services.cli.streams.inputs import open_input
from services.cli.streams.output_files import check_distinct, open_output
from services.cli.streams.pacing import parse_speed
from services.cli.streams.policy_files import read_policy
from services.cli.streams.rejects import Rejects
from services.usage_errors import INTERRUPTED, UnusableError
from streams.matching.explanation.listing import ties_of
from streams.replay import Replay


def _new_run(inputs: Sequence[str], rejects: Rejects, policy: str | None = None) -> Run:
    opened = [open_input(name) for name in check_names(inputs)]
    replay = Replay(read_policy(policy) if policy else None)
    return Run(opened, rejects, replay)


def replay(
    *inputs: Inputs,
    output: Output = None,
    dead_letters: Annotated[
        str | None,
        Parameter(allow_leading_hyphen=True, help="A file for the lines that could not be read, with reasons."),
    ] = None,
    speed: Annotated[str, Parameter(help="max, or a multiple of real time: 1x, 10x, 0.5x.")] = "max",
    diff: Annotated[
        str | None,
        Parameter(
            help="Compare with another run: a JSON file of policy values, or the outputs of another run as JSONL. "
            "Shows which matches came, went and changed, and why; --output gets the differences."
        ),
    ] = None,
    policy: Annotated[
        str | None, Parameter(help="JSON file of policy values that override every conference's own.")
    ] = None,
) -> int:
    """Fold recorded events and write the resulting matches.

    The summary on standard error ends with the run's digest: the same for the same outputs, byte for byte.
    """
    check_distinct(check_names(inputs), {"--output": output, "--dead-letters": dead_letters})
    check_names([name for name in (output, dead_letters) if name])
    pace = parse_speed(speed)
    if diff is not None:
        if pace is not None:
            raise UnusableError("--diff always runs at full speed. Remove --speed.")
        return _diff(inputs, output, dead_letters, policy, diff)
    with open_output(dead_letters) as letters, open_output(output or STANDARD) as write:
        run = _new_run(inputs, Rejects(letters), policy)
        replay_run(run, write, speed=pace, flush=sys.stdout.buffer.flush, to=output or STANDARD)
    say(f"digest {run.replay.digest()}")
    return INTERRUPTED if run.stop.requested else 0


def _diff(inputs: Sequence[str], output: str | None, dead_letters: str | None, policy: str | None, diff: str) -> int:
    with open_output(dead_letters) as letters, open_output(output) as write:
        other = diff_commands.load_other(diff)
        run = _new_run(inputs, Rejects(letters), policy)
        began = run.clock.now()
        if isinstance(other, dict):
            other_run = Replay(other)
            comparison = diff_commands.compare_with_policy(run, other_run)
        else:
            comparison = diff_commands.compare_with_outputs(run, other)
        seconds = run.clock.now() - began
        summary(run.events, seconds, run.outputs, run.rejects, run.replay.unrouted, stopped=run.stop.requested)
        show(comparison.differences(), write, output=output)
    say(f"digest {run.replay.digest()}")
    if isinstance(other, dict):
        say(f"digest of the other {other_run.digest()}")
    return INTERRUPTED if run.stop.requested else 0


def ties(
    *inputs: Inputs,
    conference: Conference,
    everything: Annotated[
        bool,
        Parameter(name="--all", negative=(), help="Every pair with any evidence, not only people who know each other."),
    ] = False,
    output: Output = None,
) -> int:
    """List who knows whom, the strongest first, whether or not they are here, consent, or blocked each other."""
    check_distinct(check_names(inputs), {"--output": output})
    run = _new_run(inputs, Rejects(lambda data: None))
    explain_command.fold_until(run, None, conference)
    if run.stop.requested:
        return INTERRUPTED
    matcher = explain_command.find_matcher(run, conference)
    count = 0
    with open_output(output or STANDARD) as write, garbage_collection_paused():
        for tie in ties_of(matcher, everything=everything):
            write(encode_output(tie) + b"\n")
            count += 1
    if not matcher.state.opened:
        say(explain_command.describe_unopened(matcher), "yellow")
    say(f"{plural(count, 'tie')} at {conference}{_describe_rejects(run)}")
    return 0


def explain(
    *inputs: Annotated[
        str,
        Parameter(
            name="INPUT... A B",
            required=True,
            allow_leading_hyphen=True,
            help=f"{INPUT} Then the ids of the two attendees.",
        ),
    ],
    conference: Conference,
    at: Annotated[
        str | None, Parameter(help="The moment to explain, such as 2026-03-09T14:05:00Z; by default the input's end.")
    ] = None,
) -> int:
    """Explain why two attendees were, or were not, suggested to each other, step by step.

    A tester's view: it names blocks, declines and places that attendees never see of each other.
    """
    if len(inputs) < 3:
        raise UnusableError("Name at least one INPUT and then the two attendees: hallway explain log.jsonl ada bob")
    check_distinct(check_names(inputs[:-2]), {})
    a, b = sorted(inputs[-2:])
    if a == b:
        raise UnusableError(f"{a} is one person. Name two attendees.")
    run = _new_run(inputs[:-2], Rejects(lambda data: None))
    story = explain_command.Story(run, conference, (a, b))
    explain_command.fold_until(run, story, conference, None if at is None else _parse_moment(at))
    if run.stop.requested:
        return INTERRUPTED
    matcher = explain_command.find_matcher(run, conference)
    for name in (a, b):
        explain_command.check_attendee(matcher, name)
    lines: list[str] = []
    explain_command.write_story(matcher, (a, b), story, ends=at is None, line=lines.append)
    with open_output(STANDARD) as write:
        write("".join(f"{line}\n" for line in lines).encode())
    if run.rejects.total:
        say(f"Note: {_describe_rejects(run).lstrip('; ')}.", "yellow")
    return 0


def _parse_moment(text: str) -> int:
    try:
        return millis(text)
    except ValueError as error:
        raise UnusableError(f"--at {text} {error}.") from None


def _describe_rejects(run: Run) -> str:
    if not run.rejects.total:
        return ""
    return f"; {plural(run.rejects.total, 'line')} of the input rejected (`hallway replay` says why)"
