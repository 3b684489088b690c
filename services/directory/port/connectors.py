"""The port for connectors: their settings, their secrets, how far each has read, and the tickets that it brought.

Invariants: a secret is stored encrypted and returned to the process that runs the connector alone; no route shows it.
A checkpoint is stored together with what it covers, in one transaction. An erasure of an attendee deletes the tickets
that lead to them.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from services.directory.port.connector_values import Checkpoint, ConnectorRow, NewConnector, Ticket


class Connectors(Protocol):
    """The connectors of all conferences."""

    def put(self, new: NewConnector) -> ConnectorRow:
        """Creates a connector, or replaces its settings. Secrets that ``new`` does not name stay as they are.

        A connector that reads another source from now on starts from the beginning and knows no tickets. Increases the
        generation, so that a run with the earlier settings can store nothing more. ValueError: too many connectors.
        """

    def get(self, conference: str, connector: str) -> ConnectorRow | None:
        """The connector, without its secrets."""

    def of(self, conference: str) -> list[ConnectorRow]:
        """The connectors of a conference, sorted by id."""

    def all(self) -> list[ConnectorRow]:
        """All connectors."""

    def secrets_of(self, conference: str, connector: str) -> Mapping[str, str]:
        """The secrets by name, for the process that runs the connector; empty for an unknown one."""

    def set_paused(self, conference: str, connector: str, *, paused: bool) -> bool:
        """Pauses or resumes a connector; False if it is unknown."""

    def delete(self, conference: str, connector: str) -> bool:
        """Deletes a connector with its secrets, checkpoint and tickets; False if it is unknown."""

    # -- webhooks -------------------------------------------------------------------------------------------------

    def new_hook(self, conference: str, connector: str) -> str | None:
        """The secret part of a new webhook address, to be shown once; None for an unknown connector. The earlier
        address stays valid for ``HOOK_OVERLAP_MS``, so that nothing is lost while the source is being changed."""

    def by_hook(self, secret: str) -> ConnectorRow | None:
        """The connector with this webhook address; None for an unknown or replaced one."""

    def add_hint(self, conference: str, connector: str, hint: str) -> bool:
        """Stores what a webhook pointed at until it was read, durable on return; the same hint once. False where
        ``MOST_HINTS`` are waiting: polling finds it then."""

    def hints(self, conference: str, connector: str) -> list[str]:
        """The stored hints, oldest first."""

    # -- a run ----------------------------------------------------------------------------------------------------

    def save(
        self, row: ConnectorRow, checkpoint: Checkpoint, tickets: Sequence[Ticket] = (), hints: Collection[str] = ()
    ) -> bool:
        """Stores how far a run has come, and what it brought: the checkpoint and tickets; deletes the hints that it has
        read. All or nothing. False, and nothing is stored, where ``row`` was replaced or deleted meanwhile."""

    def tickets(self, conference: str, connector: str, names: Collection[str]) -> Mapping[str, Ticket]:
        """The known tickets among these, by name."""

    def tickets_of(self, conference: str, attendees: Collection[str]) -> list[Ticket]:
        """The tickets of these attendees, of all connectors."""

    def release(self, conference: str, attendees: Collection[str]) -> None:
        """Records that these attendees are registered whatever happens to their tickets: ``has_brought`` ends, also
        where a run stores the same tickets once more."""

    def delete_tickets(self, conference: str, connector: str, names: Collection[str]) -> None:
        """Deletes tickets that lead to nobody any more."""
