"""Decides which conferences a caller may work on."""

from services.admission.conference_registry import ConferenceEntry, ConferenceRegistry
from services.api.shared.guard import Caller
from services.api.shared.problems import ProblemError


class ConferenceAccess:
    """Checks access by the conference registry. An operator may work on every conference."""

    def __init__(self, conferences: ConferenceRegistry) -> None:
        self._conferences = conferences

    def conferences_of(self, caller: Caller) -> frozenset[str]:
        """The conferences that the caller's key names or the caller owns; no others for an operator either."""
        assert caller.grant is not None
        return self._conferences.owned(caller.subject) | set(caller.grant.conferences)

    def is_allowed(self, caller: Caller, conference: str) -> bool:
        """Whether the caller may work on it."""
        return caller.role == "operator" or conference in self.conferences_of(caller)

    def require(self, caller: Caller, conference: str) -> ConferenceEntry:
        """An open or closed conference that the caller may work on; its ``opened`` is there.

        ProblemError 403 or 404 otherwise; only an operator learns whether it exists."""
        known = self._conferences.get(conference)
        if caller.role == "operator":
            if known is None:
                raise ProblemError(404, "conference", "There is no such conference. Open it with PUT first.")
            return known
        if not self.is_allowed(caller, conference):
            raise ProblemError(403, "conference", "This key is not for that conference. Use the one that opened it.")
        if known is None:
            raise ProblemError(404, "conference", "This conference is not open yet. Open it with PUT first.")
        return known
