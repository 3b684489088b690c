"""Inserts many rows into an SQLite table with few statements.

Why: Python releases the interpreter lock around each statement, and may wait 5 ms to get it back while another thread
computes; so 500 rows take two statements. SQLite caches 128 compiled statements: their lengths are multiples of 64,
plus the rest. The caller begins and ends the transaction.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

_MOST, _STEP = 512, 64


def insert_statements(
    table: str, columns: int, values: Sequence[Any], tail: str = ""
) -> Iterator[tuple[str, Sequence[Any]]]:
    """Yields (statement, values). ``values``: those of all rows, one after the other; ``tail``: SQL to append."""
    done, count = 0, len(values) // columns
    while done < count:
        left = min(count - done, _MOST)
        rows = left - left % _STEP or left
        yield _statement(table, columns, rows, tail), values[done * columns : (done + rows) * columns]
        done += rows


@lru_cache(512)
def _statement(table: str, columns: int, rows: int, tail: str) -> str:
    marks = f"({', '.join('?' * columns)})"
    return f"INSERT INTO {table} VALUES {', '.join([marks] * rows)} {tail}"  # noqa: S608  # constants of ours
