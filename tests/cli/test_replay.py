"""`hallway replay`: what it writes, says and leaves."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from services.tools.simulation import simulate
from tests.cli.conftest import Hallway, Log, lines
from tests.docs.test_commands import BIN
from tests.scenarios.story import Story, met_at_ten


def test_outputs_go_to_standard_output_and_the_summary_to_standard_error(hallway: Hallway, log: Log) -> None:
    done = hallway("replay", log(met_at_ten("ada", "bob")))
    assert done.code == 0
    [output] = done.rows
    assert (output["type"], output["attendees"]) == ("match.suggested", ["ada", "bob"])
    assert "11 events" in done.err
    assert "1 output: 1 match.suggested" in done.err
    assert "rejected" not in done.err


def test_output_names_a_file_or_standard_output(hallway: Hallway, log: Log, tmp_path: Path) -> None:
    path, out = log(met_at_ten("ada", "bob")), tmp_path / "out.jsonl"
    shown = hallway("replay", path, "--output", "-")
    saved = hallway("replay", path, "--output", out)
    assert out.read_bytes() == shown.out != b""
    assert saved.out == b""
    assert saved.digest == shown.digest
    assert sorted(one.name for one in tmp_path.iterdir()) == ["log.jsonl", "out.jsonl"]


def test_files_are_folded_in_the_order_given(hallway: Hallway, tmp_path: Path) -> None:
    events = lines(met_at_ten("ada", "bob")).splitlines(keepends=True)
    first, second = tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    first.write_bytes(b"".join(events[:6]))
    second.write_bytes(b"".join(events[6:]))
    assert len(hallway("replay", first, second).rows) == 1
    assert hallway("replay", second).rows == []


def test_the_digest_tells_runs_apart(hallway: Hallway, log: Log) -> None:
    two, three = log(met_at_ten("ada", "bob"), "2"), log(met_at_ten("ada", "bob", "cyd"), "3")
    assert hallway("replay", two).digest == hallway("replay", two).digest
    assert hallway("replay", two).digest != hallway("replay", three).digest


def test_posts_that_no_conference_tracks_are_counted(hallway: Hallway, log: Log) -> None:
    story = Story().open()
    story.post("x:ada", "x:bob").events[-1].pop("conference")
    assert "1 post or deletion that no conference tracks" in hallway("replay", log(story)).err


def test_a_policy_overrides_what_conferences_set(hallway: Hallway, log: Log, tmp_path: Path) -> None:
    path, policy = log(met_at_ten("ada", "bob")), tmp_path / "policy.json"
    policy.write_text('{"per_hour": 0}')
    assert hallway("replay", path, "--policy", policy).rows == []


@pytest.mark.parametrize("text", ['{"per_hours": 3}', '{"per_hour": "3"}', '{"per_hour": -1}', "[]", "{", "\xff"])
def test_a_bad_policy_is_refused(hallway: Hallway, log: Log, tmp_path: Path, text: str) -> None:
    policy = tmp_path / "policy.json"
    policy.write_text(text, encoding="latin-1")
    done = hallway("replay", log(Story().open()), "--policy", policy)
    assert done.code == 2
    assert "is no policy" in done.err
    assert "per_hour" in done.err


@pytest.mark.parametrize("speed", ["fast", "0x", "-1x", "x", "1xx", "nan"])
def test_a_bad_speed_is_refused(hallway: Hallway, log: Log, speed: str) -> None:
    done = hallway("replay", log(Story().open()), "--speed", speed)
    assert done.code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["replay"], "INPUT"),
        (["replay", "missing.jsonl"], "missing.jsonl"),
        (["replay", "--nope", "x"], "no option --nope"),
        (["replay", "-", "-"], "once"),
        (["replay", "."], "folder"),
        (["nonsense"], "nonsense"),
        (["replay", "-", "--output", "/nowhere/out"], "cannot be written"),
        (["replay", "-", "--policy", "missing.json"], "missing.json"),
        (["replay", "-", "--diff", "missing.json"], "missing.json"),
        (["replay", "-", "--diff", "x", "--speed", "2x"], "--speed"),
        (["ties", "-"], "--conference"),
        (["explain", "-", "--conference", "c", "a"], "two attendees"),
        (["simulate", "--attendees", "0"], "attendees"),
        (["simulate", "--days", "x"], "days"),
        (["demo", "--speed", "slow"], "--speed"),
    ],
)
def test_unusable_arguments_exit_with_2_and_a_sentence(hallway: Hallway, arguments: list[str], said: str) -> None:
    done = hallway(*arguments, stdin=b"")
    assert done.code == 2
    assert said in done.err
    assert "Traceback" not in done.err
    assert done.out == b""


def test_an_input_is_never_written_over(hallway: Hallway, log: Log) -> None:
    path = log(met_at_ten("ada", "bob"))
    for option in ("--output", "--dead-letters"):
        assert hallway("replay", path, option, path).code == 2
    assert hallway("replay", path, "--output", path + "2", "--dead-letters", path + "2").code == 2
    assert len(hallway("replay", path).rows) == 1


def test_a_device_is_written_to_and_not_replaced(hallway: Hallway, log: Log) -> None:
    assert hallway("replay", log(met_at_ten("ada", "bob")), "--output", os.devnull).code == 0
    assert not Path(os.devnull).is_file()


# -- as a process --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("simulated") / "big.jsonl"
    path.write_bytes(b"".join(simulate(attendees=100, posts=4_000, days=1, seed=7)))
    return path


def _process(*arguments: object, **options: object) -> "subprocess.CompletedProcess[bytes]":
    command = [str(BIN / "hallway"), *(str(argument) for argument in arguments)]
    return subprocess.run(command, capture_output=True, timeout=60, check=False, **options)  # type: ignore[call-overload,no-any-return]


def test_the_same_bytes_under_any_hash_seed(big: Path) -> None:
    runs = [_process("replay", big, env={**os.environ, "PYTHONHASHSEED": seed}) for seed in ("1", "2")]
    assert runs[0].stdout == runs[1].stdout != b""
    assert runs[0].stderr.splitlines()[-1].startswith(b"digest ")


def test_progress_is_silent_in_a_pipe(big: Path) -> None:
    run = _process("replay", big, "--output", "/dev/null")
    assert b"\x1b" not in run.stderr
    assert b"\r" not in run.stderr
    assert b"Folding" not in run.stderr


def test_a_closed_pipe_ends_quietly(big: Path) -> None:
    script = f"{BIN / 'hallway'} simulate --posts 20000 | head -1; echo ${{PIPESTATUS[0]}}"
    run = subprocess.run(["bash", "-c", script], capture_output=True, timeout=60, check=True)
    assert run.stderr == b""
    assert run.stdout.splitlines()[-1] == b"0"
    script = f"{BIN / 'hallway'} ties {big} --conference health-it-2026 --all | true"
    assert b"Traceback" not in subprocess.run(["bash", "-c", script], capture_output=True, check=True).stderr


def test_speed_paces_and_ctrl_c_ends_with_the_summary(log: Log) -> None:
    story = met_at_ten("ada", "bob").at("20:00").tick()
    # The two hours to ten take a second; the ten hours after it would take five minutes at the least.
    command = [str(BIN / "hallway"), "replay", log(story), "--speed", "7200x"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert b"match.suggested" in process.stdout.readline()  # told while it runs, not at the end
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == b""
    assert b"Stopped before the end" in err
    assert b"1 match.suggested" in err
    assert b"digest" in err
    assert b"Traceback" not in err


def test_ctrl_c_while_waiting_for_standard_input_ends_with_the_summary(log: Log) -> None:
    told = Path(log(met_at_ten("ada", "bob"))).read_bytes()
    with subprocess.Popen(
        [str(BIN / "hallway"), "replay", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b'{"type":"nonsense"}\n' + told)
        process.stdin.flush()
        assert b"match.suggested" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"1 line rejected" in err


def test_version_and_help(hallway: Hallway) -> None:
    assert hallway("--version").out.startswith(b"hallway ")
    for command in ([], ["replay"], ["ties"], ["explain"], ["simulate"], ["schema"], ["demo"]):
        done = hallway(*command, "--help")
        assert done.code == 0
        assert b"Usage: hallway" in done.out


def test_python_m_runs_it_too() -> None:
    run = subprocess.run([sys.executable, "-m", "services.cli.main", "--version"], capture_output=True, check=True)
    assert run.stdout.startswith(b"hallway ")
