"""Every command that a document names runs, and prints what the document shows."""

import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.docs.documents import DOCUMENTS, OMITTED, ROOT, Command, commands, name, other_blocks

BIN = Path(sys.executable).parent
WITH_COMMANDS = [path for path in DOCUMENTS if commands(path.read_text(encoding="utf-8"))]
_RUN = {"hallway", "echo"}  # other commands are only checked for existence
_TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)
_PACE = re.compile(r"in [\d.]+ s(, [\d,]+ a second)?$")  # varies between runs
_PORT = re.compile(r"(?<=//127\.0\.0\.1:)\d+")
_SERVES = re.compile(r"hallway serve\b")  # runs until Ctrl-C
_LIMIT_S = 300  # against a hang; a day on Kafka takes two minutes beside other tests


def run(command: Command, folder: Path) -> list[str]:
    """Runs a command and returns its lines of both streams; a server gets Ctrl-C once the shown lines are printed."""
    serves = bool(_SERVES.match(command.text))
    process = subprocess.Popen(
        ["/bin/sh", "-c", f"exec {command.text} --port 0" if serves else command.text],
        cwd=folder,
        env={**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "PYTHONUTF8": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    too_long = threading.Timer(_LIMIT_S, process.kill)
    too_long.start()
    lines: list[str] = []
    assert process.stdout is not None
    with process.stdout as printed:
        for line in printed:
            lines.append(_comparable(line.decode().rstrip("\n")))
            if serves and missing(command, lines) is None:
                process.send_signal(signal.SIGINT)
                serves = False  # signal it only once
    code = process.wait()
    too_long.cancel()
    assert code == 0, "\n".join([f"$ {command.text}", *lines])
    return lines


def _comparable(line: str) -> str:
    return _PORT.sub("PORT", _PACE.sub("in a while", line))


def missing(command: Command, printed: list[str]) -> str | None:
    """The first shown line that was not printed after the shown lines before it, or None."""
    rest = iter(printed)
    for line in command.shown:
        expected = _comparable(line)
        start = expected.removesuffix(OMITTED)
        if not start:
            continue
        if not any(one.startswith(start) if start != expected else one == expected for one in rest):
            return line
    return None


@pytest.mark.slow
@pytest.mark.parametrize("path", WITH_COMMANDS, ids=name)
def test_commands_run_in_order_and_print_what_is_shown(path: Path, tmp_path: Path) -> None:
    try:
        for command in commands(path.read_text(encoding="utf-8")):
            if command.text.split()[0] not in _RUN:
                continue
            printed = run(command, tmp_path)
            absent = missing(command, printed)
            assert absent is None, "\n".join([f"{name(path)}: $ {command.text}", f"lacks: {absent}", *printed])
    finally:
        run(Command("hallway kafka down", ()), tmp_path)  # in case the document failed before it stopped its Kafka


@pytest.mark.parametrize("path", WITH_COMMANDS, ids=name)
def test_make_targets_in_console_blocks_exist(path: Path) -> None:
    targets = set(_TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8")))
    for command in commands(path.read_text(encoding="utf-8")):
        first, *rest = command.text.split()
        assert first in {"make", *_RUN}, f"{command.text}: no test checks this command"
        if first == "make":
            assert set(rest) <= targets, command.text


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_commands_are_in_console_blocks(path: Path) -> None:
    for block in other_blocks(path.read_text(encoding="utf-8")):
        assert not re.search(r"^(\$ |hallway |make )", block, re.MULTILINE), block


def test_a_shown_line_that_was_not_printed_is_found() -> None:
    shown = Command("x", ("one", OMITTED, "thr" + OMITTED))
    assert missing(shown, ["one", "two", "three"]) is None
    assert missing(shown, ["one", "two"]) == "thr" + OMITTED
    assert missing(shown, ["three", "one"]) == "thr" + OMITTED
    assert missing(Command("x", ("on",)), ["one"]) == "on"
