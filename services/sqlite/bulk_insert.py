"""Many rows into a table of SQLite by few statements.

Owns: how many rows a statement has. May never: begin or end a transaction.
Theory: Python gives its lock away around each statement, and may wait 5 ms to get it back while another thread
computes; so a batch of 500 is two statements. SQLite keeps 128 compiled: their lengths are whole 64s, and what is left.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

_MOST, _STEP = 512, 64


def insert_statements(
    table: str, columns: int, values: Sequence[Any], tail: str = ""
) -> Iterator[tuple[str, Sequence[Any]]]:
    """The statements and what goes into each. ``values``: of all rows, one after the other; ``tail``: what follows."""
    done, count = 0, len(values) // columns
    while done < count:
        left = min(count - done, _MOST)
        rows = left - left % _STEP or left
        yield _statement(table, columns, rows, tail), values[done * columns : (done + rows) * columns]
        done += rows


@lru_cache(512)
def _statement(table: str, columns: int, rows: int, tail: str) -> str:
    marks = f"({', '.join('?' * columns)})"
    return f"INSERT INTO {table} VALUES {', '.join([marks] * rows)} {tail}"  # noqa: S608  # names of ours
