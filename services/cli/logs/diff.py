"""``hallway replay --diff OTHER``: compares this run with another policy, folded side by side, or with another run's
outputs.

Responsibility: what OTHER is, and asking at the right record why one run did not suggest what the other did.
``streams.compare`` compares.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from schemas.codec import kind_of
from schemas.outputs import AnyOutput, MatchSuggested
from schemas.position import Position
from services.cli.logs.explanation_text import to_sentence
from services.cli.logs.replay import Run
from services.cli.streams.files import STANDARD, Input
from services.cli.streams.line_blocks import LongLine
from services.cli.streams.policy_files import POLICY_BYTES, parse_policy
from services.usage_errors import UnusableError
from streams.compare import Comparison, Key
from streams.matching import Matcher
from streams.matching.explanation.explain import why_not
from streams.replay import Replay

_OUTPUT = msgspec.json.Decoder(AnyOutput)
NO_RECORD = "The input has no record of that position in this conference."
HOLDS = "All conditions hold at this record too; compare what the two runs emitted before."


def load_other(name: str) -> dict[str, Any] | list[AnyOutput]:
    """Loads OTHER, by its content: policy values, or the outputs of another run."""
    if name == STANDARD:
        raise UnusableError("--diff takes a file: a policy as JSON, or the outputs of another run as JSONL.")
    start = _start(name)
    if not start.strip():
        return []
    try:
        found = msgspec.json.decode(start)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        found = None
    if isinstance(found, dict) and "type" not in found:
        return parse_policy(name, start)
    return list(_outputs(name))


def _start(name: str) -> bytes:
    """The first bytes of a file: all of them, if it may be a policy."""
    start = b""
    for piece in Input(name).blocks():
        start += piece.head if isinstance(piece, LongLine) else piece.data
        if len(start) > POLICY_BYTES:
            break
    return start


def _outputs(name: str) -> Iterator[AnyOutput]:
    for piece in Input(name).blocks():
        lines = [] if isinstance(piece, LongLine) else piece.data.split(b"\n")
        for number, line in enumerate(lines, piece.line):
            if line.strip():
                try:
                    yield _OUTPUT.decode(line)
                except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                    raise UnusableError(
                        f"{name}, line {number:,}: {error}. "
                        "--diff takes a policy as JSON, or what `hallway replay` wrote."
                    ) from None
        if isinstance(piece, LongLine):
            raise UnusableError(f"{name}, line {piece.line:,} is too long for an output.")


def compare_with_policy(run: Run, other: Replay) -> Comparison:
    """Folds the input under both policies, record by record."""
    comparison = Comparison()
    here = run.replay
    for batch in run.records("Comparing"):
        for record in batch:
            mine, others = here.feed(record), other.feed(record)
            if not (mine or others):
                continue
            _take(comparison.here.add, mine, here)
            _take(comparison.other.add, others, other)
            for output in (*mine, *others):
                _ask(comparison, output, here, other)
            run.outputs.update(_kinds(mine))
    return comparison


def _take(take: Callable[[AnyOutput], None], outputs: Iterable[AnyOutput], replay: Replay) -> None:
    for output in outputs:
        take(output)
        replay.encode(output)


def _ask(comparison: Comparison, output: AnyOutput, here: Replay, other: Replay) -> None:
    """Notes why the run that has not suggested this match does not do so at this record."""
    key = (output.conference, output.match)
    in_here, in_other = key in comparison.here.seen, key in comparison.other.seen
    if isinstance(output, MatchSuggested) and in_here != in_other and key not in comparison.why:
        comparison.why[key] = _why_not(other if in_here else here, key[0], *output.attendees)


def _why_not(replay: Replay, conference: str, a: str, b: str) -> tuple[str, ...]:
    matcher = replay.matchers.get(conference)
    return () if matcher is None else _sentences(matcher, a, b)


def _sentences(matcher: Matcher, a: str, b: str) -> tuple[str, ...]:
    return tuple(map(to_sentence, why_not(matcher, a, b))) or (HOLDS,)


class _PendingSuggestions:
    """The other run's suggestions by their record, to be explained when the fold gets there."""

    def __init__(self, comparison: Comparison) -> None:
        self._comparison = comparison
        self._waiting: dict[str, list[tuple[int, Key]]] = {}
        for key, seen in comparison.other.seen.items():
            try:
                position = Position.parse(seen.position).applied
            except ValueError:
                continue  # another version's format: unknown position
            self._waiting.setdefault(key[0], []).append((position, key))
        for waiting in self._waiting.values():
            waiting.sort(reverse=True)

    def ask(self, replay: Replay) -> None:
        """Explains those whose record was just applied."""
        comparison = self._comparison
        for conference, waiting in self._waiting.items():
            matcher = replay.matchers.get(conference)
            while matcher is not None and waiting and waiting[-1][0] < matcher.state.applied:
                _, key = waiting.pop()
                if key not in comparison.here.seen:
                    pair = comparison.other.pairs[key]
                    comparison.why[key] = _sentences(matcher, *pair)

    def finish(self) -> None:
        """Handles those whose record never came."""
        for waiting in self._waiting.values():
            for _, key in waiting:
                self._comparison.why[key] = (NO_RECORD,)


def compare_with_outputs(run: Run, others: list[AnyOutput]) -> Comparison:
    """Folds the input and compares with the outputs of another run."""
    comparison = Comparison()
    for output in others:
        comparison.other.add(output)
    asked = _PendingSuggestions(comparison)
    for batch in run.records("Comparing"):
        for record in batch:
            outputs = run.replay.feed(record)
            _take(comparison.here.add, outputs, run.replay)
            run.outputs.update(_kinds(outputs))
            asked.ask(run.replay)
    asked.finish()
    return comparison


def _kinds(outputs: Iterable[AnyOutput]) -> Iterator[str]:
    return map(kind_of, outputs)
