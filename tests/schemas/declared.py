"""What the event types promise, written by hand once more: ``declared.txt`` beside this.

Responsibility: reading that file. A spec that grants or exports more than is written there fails, and so does a type
that is not in it: what a role may send, and what leaves the server, is never said in one place alone.
"""

from pathlib import Path

ROLES = ("attendee", "organizer", "connector", "operator", "verifier", "owner")

_TABLE, _, _SAMPLES = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").partition("\n\n")
_HEAD, *_ROWS = [line.split() for line in _TABLE.splitlines()]
assert _HEAD[: len(ROLES) + 1] == ["type", *ROLES]

# By type and role the rule; "-" is none.
RULES = {kind: dict(zip(ROLES, rest, strict=False)) for kind, *rest in _ROWS}
# By type the fields beside those of every event that its subject may export; None of one that has no subject.
EXPORTED = {kind: None if rest[len(ROLES) :] == ["-"] else frozenset(rest[len(ROLES) :]) for kind, *rest in _ROWS}
SAMPLES = tuple(line.encode() for line in _SAMPLES.splitlines()[1:] if line)
