"""Standard streams that are closed, full or unread: the file that was asked for is whole, or the exit code says why."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Log
from tests.scenarios.story import Story

HALLWAY = f"'{sys.executable}' -m services.cli.main"
LIMIT_S = 60


@pytest.fixture
def shell(log: Log, tmp_path: Path) -> "Shell":
    return Shell(tmp_path, log(Story().open().people("ada", "bob").talk("x:ada", "x:bob").all_arrive("ada", "bob")))


class Shell:
    """Runs lines of a shell; ``$H`` is the command, ``$L`` a log, ``$O`` a file that is not there yet."""

    def __init__(self, folder: Path, log: str) -> None:
        self.log, self.output = log, folder / "out.jsonl"

    def __call__(self, line: str) -> subprocess.CompletedProcess[str]:
        names = f"H() {{ {HALLWAY} \"$@\"; }}; L='{self.log}'; O='{self.output}'; set -o pipefail\n"
        root = Path(__file__).parents[2]
        done = subprocess.run(["bash", "-c", names + line], cwd=root, capture_output=True, text=True, timeout=LIMIT_S)
        assert "Traceback" not in done.stderr + done.stdout
        assert "Exception" not in done.stderr + done.stdout
        return done


@pytest.mark.parametrize(
    "line",
    [
        'H replay "$L" --output "$O" 2>&-',
        'H replay "$L" --output "$O" 2>/dev/full',
        'H replay "$L" --output "$O" 2>&1 | true',
        'H replay "$L" --output "$O" >&-',
        'H replay "$L" --output "$O" </dev/null >&- 2>&-',
        'H replay "$L" --output "$O" <&- >&- 2>&-',
        'H export "$L" --output "$O" 2>&1 | true',
        'H simulate --attendees 5 --posts 20 --output "$O" 2>&-',
    ],
)
def test_the_file_that_was_asked_for_is_whole(shell: Shell, line: str) -> None:
    assert shell(line).returncode == 0
    rows = [json.loads(row) for row in shell.output.read_text().splitlines()]
    assert rows


@pytest.mark.parametrize(
    "command", ['replay "$L"', 'ties "$L" --conference himss', 'export "$L"', "--help", "--version"]
)
@pytest.mark.parametrize("where", [">&-", ">/dev/full"])
def test_a_result_that_goes_nowhere_is_exit_2_and_a_sentence(shell: Shell, command: str, where: str) -> None:
    done = shell(f"H {command} {where}")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("The output: ")


@pytest.mark.parametrize("command", ['replay "$L"', 'export "$L"', "--help", "simulate --attendees 60 --posts 3000"])
def test_whoever_has_read_enough_is_no_error(shell: Shell, command: str) -> None:
    assert shell(f"H {command} | true").returncode == 0
    assert shell(f"H {command} 2>&1 | true").returncode == 0


def test_another_file_is_not_lost_in_silence_when_the_reader_ends(shell: Shell) -> None:
    done = shell(
        'H simulate --attendees 60 --posts 3000 > "$O.log"; H replay "$O.log" - < "$O.log" --dead-letters "$O" | true'
    )
    assert (done.returncode, shell.output.exists()) in ((0, True), (2, False))
    assert done.returncode == 0 or "was not written" in done.stderr


def test_a_closed_standard_input_is_reported(shell: Shell) -> None:
    done = shell("H replay - <&-")
    assert (done.returncode, "standard input is closed" in done.stderr) == (2, True)


@pytest.mark.parametrize("where", ["2>&-", "2>/dev/full", "2>&1 >/dev/full | true"])
def test_a_wrong_argument_is_exit_2_also_where_nobody_is_told(shell: Shell, where: str) -> None:
    assert shell(f"H nonsense {where}").returncode == 2
