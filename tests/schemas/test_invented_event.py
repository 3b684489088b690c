"""An event type that nobody knows yet, added to a copy of the project: which files it takes, and who refuses the rest.

Four files by hand, three written by `hallway schema`. Each step is taken only after something said that it is missing.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from schemas.events import Role

ROOT = Path(__file__).parents[2]
COPIED = ("schemas", "services", "streams", "tests", "docs", "pyproject.toml")
BY_HAND = {
    "schemas/events/attendee.py",
    "streams/matching/observe.py",
    "services/tools/simulation/registrations.py",
    "tests/schemas/declared.txt",
}
WRITTEN = {"docs/contract.md", "docs/schema/asyncapi.json", "docs/schema/events.schema.json"}

STRUCT = '''
class AttendeeNoted(AttendeeEvent, frozen=True, kw_only=True, tag="attendee.noted"):
    """Somebody keeps in mind whom they met."""

    about: Person
    account: Account | None = None

'''
LAST_FIELD = "    account: Account | None = None\n"
SPEC = """
    spec = EventSpec(
        meaning="Keeps in mind whom somebody met",
        senders={"attendee": Rule.SELF},
        log=Log.CONFERENCE,
        learners=(),
        subject="attendee",
        exported=(),
        withheld=("about", "account"),
        sample={"about": "0d9f6a2e4b7c8151a3e6f902"},
    )
"""
SAMPLE = {
    "type": "attendee.noted",
    "id": "e:20",
    "at": "2026-03-09T15:20:00.000Z",
    "conference": "himss26",
    "attendee": "a-00001",
    "about": "x:canary_about",
    "account": "x:canary_account",
}
# What is derived, asked of a program of its own.
ASKED = """
import json
from schemas.events import BY_NAME
from schemas.topics import CONFERENCE_LOG, TOPICS
from services.admission.permissions import ROLES, TABLE
from services.admission.pseudonymization import accounts_in
from services.api.attendee.exported_events import exported
from services.api.dead_letters.masking import FIELDS, TYPES
from streams.workers import delivery, router
from tests.schemas.kept import changed, good
kind = BY_NAME["attendee.noted"]
event = good(changed("attendee.noted")).event
print(json.dumps({
    "who": {role: TABLE[role, kind].name for role in ROLES},
    "accounts": accounts_in(event),
    "exported": exported(json.loads(changed("attendee.noted")), "a-00001", ()),
    "masked": ["attendee.noted" in TYPES, "about" in FIELDS],
    "followed": [b"attendee.noted" in each.LEARNED_TYPES for each in (delivery, router)],
    "carried": [topic.name for topic in TOPICS if kind in getattr(topic.value_type, "__args__", ())],
}))
"""


class Tree:
    """A copy of the project, and what was said there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in COPIED:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
            else:
                shutil.copy2(source, folder / name)

    def edit(self, name: str, before: str, after: str) -> None:
        """Replaces one place of a file."""
        text = (self.folder / name).read_text(encoding="utf-8")
        assert text.count(before) == 1, (name, before)
        (self.folder / name).write_text(text.replace(before, after), encoding="utf-8")

    def run(self, *command: str) -> tuple[int, str]:
        """The exit code and everything printed."""
        done = subprocess.run(
            [sys.executable, *command], cwd=self.folder, capture_output=True, text=True, check=False, timeout=300
        )
        return done.returncode, done.stdout + done.stderr

    def refuses(self, *command: str) -> str:
        """What a command that must fail says."""
        code, said = self.run(*command)
        assert code != 0, said
        return " ".join(said.split())

    def takes(self, *command: str) -> str:
        """What a command that must not fail says."""
        code, said = self.run(*command)
        assert code == 0, said
        return said

    def touched(self) -> set[str]:
        """The files that differ from the project's."""
        files = (path.relative_to(self.folder) for path in self.folder.rglob("*") if path.is_file())
        return {str(file) for file in files if not _is_cache(file) and not self._is_as_it_was(file)}

    def _is_as_it_was(self, file: Path) -> bool:
        return (ROOT / file).is_file() and (ROOT / file).read_bytes() == (self.folder / file).read_bytes()


def _is_cache(file: Path) -> bool:
    return any(part == "__pycache__" or part.startswith(".") for part in file.parts)


def pytest_of(*names: str) -> tuple[str, ...]:
    """The command that runs these tests."""
    return (
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        "-m",
        "not torture",  # those of tests/private are slow by their place
        "--deselect=tests/admission/test_translation.py::test_how_fast",
        *names,
    )


ATTENDEE = "schemas/events/attendee.py"
IMPORT = ("-c", "import services.cli.main, streams.replay")
SCHEMA = ("-c", "import sys; from services.cli.main import main; sys.exit(main())", "schema")
PROMISES = pytest_of(
    "tests/admission/test_rules.py", "tests/admission/test_translation.py", "tests/private/test_data_export.py"
)
OCCURS = pytest_of("tests/simulation/test_simulate.py", "-k", "every_event_type")
CODEC = pytest_of(*[f"tests/schemas/test_{name}.py" for name in ("codec_good", "codec_bad", "json_schema", "asyncapi")])


def declare(tree: Tree) -> None:
    """The Struct without a spec, then in the union, then with its spec."""
    tree.edit(ATTENDEE, "\nAttendeeInput = ", STRUCT + "\nAttendeeInput = ")
    said = tree.refuses(*IMPORT)
    assert f"attendee.noted ({ATTENDEE}): it is not in the union at the end of its file" in said
    tree.edit(ATTENDEE, "AttendeeUnblocked | AttendeeErased\n", "AttendeeUnblocked | AttendeeErased | AttendeeNoted\n")
    assert f"attendee.noted ({ATTENDEE}): it has no spec." in tree.refuses(*IMPORT)
    tree.edit(ATTENDEE, LAST_FIELD, f"{LAST_FIELD}{SPEC.replace('learners', 'learner')}")
    assert "unexpected keyword argument 'learner'" in tree.refuses(*IMPORT)
    tree.edit(ATTENDEE, "learner=()", "learners=()")


def observe(tree: Tree) -> None:
    """The engine says what it does with it: nothing."""
    said = tree.refuses(*IMPORT)
    assert "_EFFECTS of streams/matching/observe.py does not say what to do with attendee.noted." in said
    engine, entry = "streams/matching/observe.py", "    ClockTicked: Observer._on_ticked,\n"
    tree.edit(engine, "from schemas.outputs", "from schemas.events.attendee import AttendeeNoted\nfrom schemas.outputs")
    tree.edit(engine, entry, entry + entry.replace("ClockTicked", "AttendeeNoted"))
    tree.takes(*IMPORT)


def document(tree: Tree) -> None:
    """The documents are written anew."""
    said = tree.refuses(*SCHEMA, "--check")
    assert all(Path(name).name in said for name in WRITTEN)
    tree.takes(*SCHEMA)
    tree.takes(*SCHEMA, "--check")
    row = "| `attendee.noted` | `conference`, `attendee`, `about`, `account`? | Keeps in mind whom somebody met |"
    assert row in (tree.folder / "docs/contract.md").read_text(encoding="utf-8")


def promise(tree: Tree) -> None:
    """By hand once more; what is not the spec's is refused."""
    tree.refuses(*PROMISES)
    file = tree.folder / "tests/schemas/declared.txt"
    table = file.read_text(encoding="utf-8") + json.dumps(SAMPLE) + "\n"
    for wrong in ("SELF OWN - - - - attendee", "SELF - - - - - attendee about", "- - - - - - attendee"):
        file.write_text(table.replace("\n\n", f"\nattendee.noted {wrong}\n\n", 1), encoding="utf-8")
        tree.refuses(*PROMISES)
    file.write_text(table.replace("\n\n", "\nattendee.noted SELF - - - - - attendee\n\n", 1), encoding="utf-8")
    tree.takes(*PROMISES)


def simulate(tree: Tree) -> None:
    """It occurs in the simulated conference."""
    tree.refuses(*OCCURS)
    people = "services/tools/simulation/registrations.py"
    tree.edit(people, "from schemas.times", "from schemas.events.attendee import AttendeeNoted\nfrom schemas.times")
    block = "        self._add(at, AttendeeBlocked(id=self._log.next_id(), at=text(at), blocked=blocked, **names))\n"
    tree.edit(people, block, block + block.replace("Blocked(", "Noted(").replace("blocked=", "about="))
    tree.takes(*OCCURS)


@pytest.mark.slow
def test_a_new_type_takes_seven_files_and_each_that_is_forgotten_is_named(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    for step in (declare, observe, document, promise, simulate):
        step(tree)
    assert tree.touched() == BY_HAND | WRITTEN
    tree.takes(*CODEC)
    assert json.loads(tree.takes("-c", ASKED)) == {
        "who": {role: "SELF" if role == "attendee" else "NEVER" for role in get_args(Role)},
        "accounts": ["x:canary_about", "x:canary_account"],
        "exported": {name: SAMPLE[name] for name in ("type", "id", "at", "conference", "attendee")},
        "masked": [True, True],
        "followed": [False, False],
        "carried": ["hallway.conference-log.v1"],
    }
