"""What a run found, for people.

Owns: counting, the score, the texts. May never: judge a mutant.
"""

import sys
import time
from collections import Counter
from collections.abc import Mapping

from cosmic_ray.work_item import TestOutcome, WorkItem, WorkResult

from tests.mutation.equivalent import Change, change_of, changed_lines
from tests.mutation.mutants import in_order, place_of, spec_of


def say(text: str) -> None:
    """Progress, for who waits."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


class Report:
    """The results so far of `total` mutants."""

    def __init__(self, total: int, equivalent: Mapping[Change, str]) -> None:
        self._total = total
        self._equivalent = equivalent
        self._began = time.monotonic()
        self._results: dict[str, tuple[WorkItem, WorkResult]] = {}

    def add(self, item: WorkItem, result: WorkResult) -> None:
        """Takes one result in, and tells of a survivor that nobody expected, and now and then how far it is."""
        self._results[item.job_id] = item, result
        if result.test_outcome is TestOutcome.SURVIVED and change_of(item, result) not in self._equivalent:
            say(_shown(item, result))
        done = len(self._results)
        if done % 25 == 0 or done == self._total:
            spent = (time.monotonic() - self._began) / 60
            left = spent / done * (self._total - done)
            say(f"{done} of {self._total}: {self._killed()} killed; {spent:.1f} minutes, about {left:.0f} left")

    def _killed(self) -> int:
        return sum(result.test_outcome is TestOutcome.KILLED for _, result in self._results.values())

    def survivors(self) -> list[tuple[WorkItem, WorkResult]]:
        """Those that a test should kill."""
        lived = {
            job: item for job, (item, result) in self._results.items() if result.test_outcome is TestOutcome.SURVIVED
        }
        found = [self._results[item.job_id] for item in in_order(lived.values())]
        return [(item, result) for item, result in found if change_of(item, result) not in self._equivalent]

    def text(self) -> str:
        """The table of files, the survivors, the score."""
        tried, killed, same, failed = Counter[str](), Counter[str](), Counter[str](), 0
        for item, result in self._results.values():
            name = spec_of(item).module_path.name
            if result.test_outcome not in {TestOutcome.KILLED, TestOutcome.SURVIVED}:
                failed += 1
                continue
            tried[name] += 1
            killed[name] += result.test_outcome is TestOutcome.KILLED
            same[name] += result.test_outcome is TestOutcome.SURVIVED and change_of(item, result) in self._equivalent
        lines = [f"{'file':<14} {'mutants':>8} {'killed':>8} {'equivalent':>11} {'score':>7}"]
        for name in [*sorted(tried), "all"]:
            counts = [found.total() if name == "all" else found[name] for found in (tried, killed, same)]
            lines.append(f"{name:<14} {counts[0]:>8} {counts[1]:>8} {counts[2]:>11} {_score(*counts):>7}")
        survivors = self.survivors()
        lines += [f"\nSurvivors: {len(survivors)}", *(_shown(*survivor) for survivor in survivors)]
        lines += [f"Could not be tried: {failed}"] if failed else []
        score = _score(tried.total(), killed.total(), same.total())
        return "\n".join([*lines, f"\nScore: {score} = killed / (all - equivalent)", ""])


def _score(tried: int, killed: int, same: int) -> str:
    return f"{killed / (tried - same):.1%}" if tried > same else "-"


def _shown(item: WorkItem, result: WorkResult) -> str:
    before, after = (changed_lines(result, sign) for sign in "-+")
    return f"  {place_of(item)} in {change_of(item, result).function}\n    - {before}\n    + {after}"
