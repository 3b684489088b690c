"""Workers: each has a copy of the tree, changes it there, and asks whether a test notices.

Owns: copies, processes, the time limit. May never: touch the tree that people work in.
"""

import multiprocessing
import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from cosmic_ray.mutating import mutate_and_test
from cosmic_ray.testing import run_tests
from cosmic_ray.work_item import TestOutcome, WorkItem, WorkResult

COPIED = ("schemas", "services", "streams", "tests", "pyproject.toml")
COMMAND = f"{sys.executable} -m tests.mutation.check"
PATIENCE_S = 600  # processor time is what ends a loop (see `check`); this is for one that waits
_NOT_COPIED = shutil.ignore_patterns("__pycache__", ".*")


class BaselineError(Exception):
    """The tests fail without any change, so that they say nothing."""


def copy_tree(source: Path, target: Path) -> None:
    """What the engine and its tests need."""
    for name in COPIED:
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name, ignore=_NOT_COPIED)
        else:
            shutil.copy2(source / name, target / name)


def check_baseline() -> float:
    """The seconds that the tests take in the current folder. Raises BaselineError if they fail."""
    os.environ["PYTHONHASHSEED"] = "0"
    began = time.monotonic()
    outcome, output = run_tests(COMMAND, PATIENCE_S)
    if outcome is not TestOutcome.SURVIVED:
        raise BaselineError(output)
    return time.monotonic() - began


def results(items: Sequence[WorkItem], tree: Path, workers: int) -> Iterator[tuple[WorkItem, WorkResult]]:
    """What becomes of each mutant, as it becomes known."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, _settle, (tree,)) as pool:
        futures = {pool.submit(_tried, item): item for item in items}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _settle(tree: Path) -> None:
    """A worker begins: it makes a copy of its own and goes there."""
    os.environ["PYTHONHASHSEED"] = "0"
    own = tree.with_name(f"{tree.name}-{os.getpid()}")
    shutil.copytree(tree, own)
    os.chdir(own)


def _tried(item: WorkItem) -> WorkResult:
    return mutate_and_test(item.mutations, COMMAND, PATIENCE_S)
