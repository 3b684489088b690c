"""`python -m tests.mutation`: how many changes of the engine do the tests notice?

Ends with 1 when a mutant survived that `equivalent.toml` does not list.
"""

import argparse
import contextlib
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from cosmic_ray.work_db import WorkDB, use_db

from tests.mutation import mutants, work
from tests.mutation.equivalent import reasons
from tests.mutation.report import Report, say


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m tests.mutation", description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, metavar="N", help="about so many mutants, of each file its share")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="which sample (default: 1)")
    parser.add_argument("--workers", type=int, default=2, metavar="K", help="how many at a time (default: 2)")
    parser.add_argument("--only", action="append", metavar="PLACE", help="those that begin so: cards.py:57")
    parser.add_argument("--session", type=Path, metavar="FILE", help="keeps cosmic-ray's session database there")
    return parser.parse_args()


def main() -> int:
    """The exit code."""
    options = _options()
    if options.session and options.session.exists():
        say(f"{options.session} is there already; a session is begun anew each time.")
        return 2
    with TemporaryDirectory(prefix="hallway-mutation-") as folder:
        session_file = options.session.resolve() if options.session else Path(folder) / "session.sqlite"
        tree = Path(folder) / "tree"
        work.copy_tree(Path.cwd(), tree)
        with contextlib.chdir(tree), use_db(session_file, WorkDB.Mode.create) as session:
            return _run(session, tree, options)


def _run(session: WorkDB, tree: Path, options: argparse.Namespace) -> int:
    try:
        say(f"Without a change the tests pass in {work.check_baseline():.1f} s.")
    except work.BaselineError as error:
        say(f"The tests fail without any change:\n{error}")
        return 2
    for reason, number in mutants.fill(session).items():
        say(f"{number:>5} left out: {reason}")
    if options.only:
        mutants.keep_only(session, options.only)
    if options.sample:
        mutants.keep_sample(session, options.sample, options.seed)
    items = mutants.in_order(session.pending_work_items)
    say(f"{len(items):>5} mutants on {options.workers} workers")
    report = Report(len(items), reasons())
    for item, result in work.results(items, tree, options.workers):
        session.set_result(item.job_id, result)
        report.add(item, result)
    sys.stdout.write(report.text())
    return 1 if report.survivors() else 0


if __name__ == "__main__":
    sys.exit(main())
