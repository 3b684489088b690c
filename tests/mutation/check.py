"""Whether the tests notice a mutant: `python -m tests.mutation.check`, in a copy of the tree; exit code 0 for no.

Owns: which tests are asked, and in which order: what kills most and is fastest comes first.
Theory: the suite in little. Everything is seeded, nothing drawn anew, and processor time is limited, not time, so that
a verdict does not hang on how busy the machine is. A mutant that loops dies by its limit.
"""

import resource
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest

FIRST_SEEDS = range(16)  # of 60 steps each: half a second
MORE_SEEDS = range(1_000, 1_030)  # of 150 steps each
LIMITS_S = {"first": 8, "tests": 60, "more": 40}  # of processor time, ten times of what the engine as it is needs
MEMORY = 4 << 30
KEPT_OF_A_LAW = 8  # of the seeds that a law is asked with
KEPT_OF = {
    "test_nothing_is_left_of_who_was_erased": 2,  # half a second each
    "test_nothing_forbidden_is_disclosed": 0,  # all that it looks at is equal to the model's
    "test_the_same_bytes_under_two_hash_seeds": 0,  # no mutant changes the order in which a set is kept
}
FOLDERS = ("tests/scenarios", "tests/cli/test_ties_and_explain.py", "tests/laws")
ENGINES = {None, "engine"}  # of the runners of a scenario; the model is no mutant, the command only slower


class Few:
    """A plugin of pytest that leaves out what would only take longer."""

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        seen: Counter[str] = Counter()
        kept = []
        for item in items:
            name = getattr(item, "originalname", item.name)
            seen[name] += 1
            is_law = item.path.parent.name == "laws"
            if _runner(item) in ENGINES and not (is_law and seen[name] > KEPT_OF.get(name, KEPT_OF_A_LAW)):
                kept.append(item)
        items[:] = kept


def _runner(item: pytest.Item) -> object:
    call = getattr(item, "callspec", None)
    return call.params.get("runner") if call else None


def notices() -> bool:
    """Whether some test fails."""
    _limit("first")
    # Not before: a mutant may fail as it is imported.
    from tests.histories.drawn import history
    from tests.histories.test_engine_equals_model import difference

    if any(difference(history(seed, 60)) is not None for seed in FIRST_SEEDS):
        return True
    _limit("tests")
    options = ["-x", "-q", "-m", "not slow and not corpus", "--tb=line", "--assert=plain", "-p", "no:cacheprovider"]
    if pytest.main([*options, *FOLDERS], plugins=[Few()]) != pytest.ExitCode.OK:
        return True
    _limit("more")
    return any(difference(history(seed, 150)) is not None for seed in MORE_SEEDS)


def _limit(stage: str) -> None:
    signal.setitimer(signal.ITIMER_PROF, LIMITS_S[stage])  # its signal ends the process


def main() -> int:
    """The exit code: 1 if a test fails."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    import streams.matching

    home = Path(streams.matching.__file__)
    assert home.is_relative_to(Path.cwd()), f"{home} is not in this copy of the tree"
    return int(notices())


if __name__ == "__main__":
    sys.exit(main())
