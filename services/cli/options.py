"""Options that several commands share, and the check of input and output names."""

from collections.abc import Sequence
from typing import Annotated

from cyclopts import Parameter

from services.cli.streams.files import STANDARD
from services.usage_errors import UnusableError

INPUT = (
    "JSONL files (also .gz, .zst, .bz2, .xz), a service's data folder, kafka://HOST:PORT/TOPIC or kafka:///TOPIC (of "
    "the Kafka that runs here), in the order given; - is standard input."
)
# Leading hyphens are allowed for `-`; `check_names` refuses the rest.
Inputs = Annotated[str, Parameter(name="INPUT", required=True, allow_leading_hyphen=True, help=INPUT)]
Output = Annotated[
    str | None,
    Parameter(allow_leading_hyphen=True, help="Where the result goes: a file, or - for standard output (as without)."),
]
Conference = Annotated[str, Parameter(help="The id of the conference.")]


def check_names(names: Sequence[str]) -> tuple[str, ...]:
    """Checks names of inputs or outputs. UnusableError: one looks like an option."""
    for name in names:
        if name.startswith("-") and name != STANDARD:
            raise UnusableError(f"There is no option {name}. See `hallway COMMAND --help`.")
    return tuple(names)
