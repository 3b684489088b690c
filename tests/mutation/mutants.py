"""The mutants of the engine: all that are worth a try, or a sample of them.

Owns: filling cosmic-ray's session, sampling, the name of a mutant. May never: run a test.
Theory: a session is cosmic-ray's own database. What is not tried gets the result SKIPPED, as its own filters do, so
that the session can be looked at with cosmic-ray's tools.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random

from cosmic_ray.commands.init import init
from cosmic_ray.work_db import WorkDB
from cosmic_ray.work_item import MutationSpec, WorkerOutcome, WorkItem, WorkResult

from tests.mutation.noise import Places, why_not

ENGINE = Path("streams/matching")


def spec_of(item: WorkItem) -> MutationSpec:
    """The one mutation of an item."""
    [spec] = item.mutations
    return spec


def place_of(item: WorkItem) -> str:
    """Where a mutant is and what it is, for people: `cards.py:57 ReplaceAndWithOr`."""
    spec = spec_of(item)
    return f"{spec.module_path.name}:{spec.start_pos[0]} {spec.operator_name.removeprefix('core/')}"


def fill(session: WorkDB) -> dict[str, int]:
    """Fills a session with all mutants of the tree that is the current folder; how many are left out, and why."""
    modules = sorted(ENGINE.rglob("*.py"))
    init(modules, session, {})
    places = {module: Places(module.read_text(encoding="utf-8")) for module in modules}
    left_out: defaultdict[str, list[str]] = defaultdict(list)
    for item in session.work_items:
        reason = why_not(spec_of(item), places[spec_of(item).module_path])
        if reason is not None:
            left_out[reason].append(item.job_id)
    for reason, jobs in left_out.items():
        _skip(session, jobs, reason)
    return {reason: len(jobs) for reason, jobs in left_out.items()}


def keep_only(session: WorkDB, places: Sequence[str]) -> None:
    """Of the mutants of a session tries those alone whose place begins with one of these."""
    others = [item.job_id for item in session.pending_work_items if not place_of(item).startswith(tuple(places))]
    _skip(session, others, "not asked for")


def keep_sample(session: WorkDB, size: int, seed: int) -> None:
    """Of the mutants of a session tries about so many, of each file its share, the same for the same seed."""
    of_file: defaultdict[str, list[WorkItem]] = defaultdict(list)
    pending = session.pending_work_items
    for item in pending:
        of_file[spec_of(item).module_path.name].append(item)
    kept = set()
    for name, items in sorted(of_file.items()):
        share = min(len(items), max(1, round(size * len(items) / len(pending))))
        kept |= {item.job_id for item in Random(f"{seed} {name}").sample(in_order(items), share)}
    _skip(session, [item.job_id for item in pending if item.job_id not in kept], "not in the sample")


def in_order(items: Iterable[WorkItem]) -> list[WorkItem]:
    """By file, line, operator: an order that does not hang on cosmic-ray's random ids."""
    return sorted(items, key=_order)


def _order(item: WorkItem) -> tuple[str, tuple[int, int], str, int]:
    spec = spec_of(item)
    return spec.module_path.name, spec.start_pos, spec.operator_name, spec.occurrence


def _skip(session: WorkDB, jobs: Sequence[str], reason: str) -> None:
    session.set_multiple_results(jobs, WorkResult(WorkerOutcome.SKIPPED, output=reason))
