"""The outputs of a conference that were recorded before a restart; the fold takes them as facts.

Why: an adapter says what its storage guarantees. A journal records all outputs of a record in one transaction. In
Kafka the last record that has outputs may be incomplete.
"""

from typing import Protocol

import msgspec

from schemas.outputs import AnyOutput

decode_output = msgspec.json.Decoder(AnyOutput).decode


class RecordedOutputs(Protocol):
    """Outputs by the number of records that were applied before theirs (``n``)."""

    def up_to(self, n: int) -> list[AnyOutput]:
        """The outputs of the records up to ``n`` that are not discarded, in order."""

    def discard_before(self, n: int) -> None:
        """Discards the outputs of records that are already folded."""

    def is_incomplete(self, n: int) -> bool:
        """Whether some outputs of record ``n`` may be missing."""

    def has_pending(self, n: int) -> bool:
        """Whether record ``n`` or a later one was decided before."""
