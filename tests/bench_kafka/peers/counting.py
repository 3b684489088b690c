"""How every reader tells what it took: from the first record to the last, in its own process.

Owns: the form of the answer. May never: depend on a reader.
"""

import json
import os
from dataclasses import dataclass
from time import perf_counter, process_time


@dataclass
class Count:
    """``wanted`` records are read; ``add`` ends the process with the answer when they are."""

    wanted: int
    seen: int = 0
    began: float = 0.0
    began_cpu: float = 0.0

    def add(self, number: int = 1) -> None:
        """So many more were dealt with. The clock starts after the first ones: no reader pays for joining its group."""
        if not self.seen:
            self.began, self.began_cpu = perf_counter(), process_time()
            self.first = number
        self.seen += number
        if self.seen >= self.wanted:
            self.tell()

    def tell(self) -> None:
        """Writes the answer and ends the process at once: how a reader stops is not what is measured."""
        counted = self.seen - self.first
        found = {
            "records": counted,
            "seconds": perf_counter() - self.began,
            "cpu": process_time() - self.began_cpu,
        }
        os.write(1, json.dumps(found).encode() + b"\n")  # a worker may have put a log in sys.stdout's place
        os._exit(0)
