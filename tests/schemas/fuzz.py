"""Lines that nobody would send: good ones with bits flipped, cut, spliced, their fields dropped, doubled and swapped.

Owns: making such lines, the same for the same seed, at some microseconds each. May never: judge them.
The base is a simulated conference beside the kept samples: so what stays good makes sense to a matcher.
"""

import json
from collections.abc import Callable, Iterator
from random import Random

from services.tools.simulation import simulate
from tests.schemas.kept import LINES

Pair = tuple[bytes, bytes]

_NASTY = [
    b"null", b"true", b"0", b"-1", b"1e400", b"-0.0", b"9223372036854775808", b"1" * 30, b"1" * 5_000, b"0.1e-9999",
    b"NaN", b"[]", b"{}", b"[[]]", b'[{"a":[]}]', b'""', b'"\\u0000"', b'"\\ud800"', b'"\\udc00\\ud800"', b'"\xff"',
    b'"\xed\xa0\x80"', b'"\\n"', b'"@#:"', b'"x:"', b'":a"', b'"x:a:b:c"', b'"' + b"a" * 300 + b'"', b"[" * 2_000,
    b"[" * 900 + b"]" * 900, '"＠x:＃Ａ\u0301\u0345"'.encode(), '"x:\u202e\U0001f9e6\ufdfa"'.encode(), '"İß"'.encode(),
    b'"1999-12-31T23:59:59-23:59"', b'"2100-12-31T23:59:59.9999999Z"', b'"2026-03-09T24:00:00Z"', b'"a-00001"',
    b'"2026-02-30T00:00:00Z"', b'"2026-03-09t10:00:00.123456789+05:30"', b'"x:bacodu1"', b'["x:bacodu1","x:a"]',
    b'["healthit","hitsm"]', b'"attendee:a-00001"', b'{"matching":true,"chats":true,"share_place":true}',
]  # fmt: skip


def _pairs(line: bytes) -> list[Pair]:
    """An event as the texts of its keys and values."""
    return [(json.dumps(key).encode(), json.dumps(value).encode()) for key, value in json.loads(line).items()]


def _joined(pairs: list[Pair]) -> bytes:
    return b"{" + b",".join([key + b":" + value for key, value in pairs]) + b"}"


class Fuzz:
    """An endless source of lines."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._lines = [*LINES, *(line.rstrip() for line in simulate(attendees=40, posts=400, days=2, seed=5))]
        self._events = [_pairs(line) for line in self._lines]
        values = {value for event in self._events for _, value in event}
        self._values = [*sorted(values), *(_NASTY * (len(values) // len(_NASTY)))]
        self._ways: list[Callable[[], bytes]] = [
            self._as_it_is, self._as_it_is, self._flipped, self._cut, self._spliced,
            self._dropped, self._doubled, self._swapped, self._swapped, self._swapped, self._retyped, self._inserted,
        ]  # fmt: skip

    def lines(self, count: int) -> Iterator[bytes]:
        """So many more lines."""
        ways, draw, number = self._ways, self._random.random, len(self._ways)
        for _ in range(count):
            yield ways[int(draw() * number)]()

    def _below(self, end: int) -> int:
        return int(self._random.random() * end)

    def _line(self) -> bytes:
        return self._lines[self._below(len(self._lines))]

    def _event(self) -> list[Pair]:
        """A copy, with an id of its own more often than not (else nearly all would be doubles)."""
        event = list(self._events[self._below(len(self._events))])
        if self._random.random() < 0.7:
            for spot, (key, _) in enumerate(event):
                if key == b'"id"':
                    event[spot] = (key, b'"f:%d"' % self._below(1 << 40))
        return event

    def _as_it_is(self) -> bytes:
        return _joined(self._event())

    def _flipped(self) -> bytes:
        line = bytearray(self._line())
        for _ in range(1 + self._below(3)):
            line[self._below(len(line))] ^= 1 << self._below(8)
        return bytes(line)

    def _cut(self) -> bytes:
        line = self._line()
        start = self._below(len(line)) if self._random.random() < 0.2 else 0
        return line[start : self._below(len(line) + 1)]

    def _spliced(self) -> bytes:
        one, other = self._line(), self._line()
        return one[: self._below(len(one))] + other[self._below(len(other)) :]

    def _inserted(self) -> bytes:
        line, spot = self._line(), self._below(300)
        return line[:spot] + self._values[self._below(len(self._values))] + line[spot + self._below(3) :]

    def _dropped(self) -> bytes:
        event = self._event()
        del event[self._below(len(event))]
        return _joined(event)

    def _doubled(self) -> bytes:
        event, other = self._event(), self._event()
        event.insert(self._below(len(event)), other[self._below(len(other))])
        return _joined(event)

    def _swapped(self) -> bytes:
        """One value is another one, of any field of any event, or a nasty one."""
        event = self._event()
        spot = self._below(len(event))
        event[spot] = (event[spot][0], self._values[self._below(len(self._values))])
        return _joined(event)

    def _retyped(self) -> bytes:
        """The type of another event, with that event's fields or not."""
        event, other = self._event(), self._event()
        return _joined([*event, *other] if self._random.random() < 0.5 else [other[0], *event[1:]])
