"""``python -m tests.bench_kafka.sizes [needs|recovery] [LENGTH…]``: a table; both without a word.

A run of all takes ten minutes and 2 GB of the temporary folder.
"""

import sys

from tests.bench.rows import Row, table
from tests.bench_kafka.sizes import needs, recovery


def main(words: list[str]) -> None:
    """Measures and prints."""
    rows: list[Row] = []
    if words[:1] != ["recovery"]:
        rows += needs.run()
    if words[:1] != ["needs"]:
        rows += recovery.run(tuple(int(word) for word in words[1:]) or recovery.LENGTHS)
    sys.stdout.write(table(rows))


if __name__ == "__main__":
    main(sys.argv[1:])
