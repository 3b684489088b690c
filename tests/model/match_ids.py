"""The two names of a match: the id that a runner derives, and the key (a, b, n) of the model.

Owns: learning a runner's ids from its outputs, in both directions. May never: guess an id.
Theory: a new id in a suggestion of a pair is the pair's next match, so n is the number of ids seen before.
"""

from typing import Any

from tests.model.records import Json

MatchKey = tuple[str, str, int]
NO_MATCH = "no-such-match"


class MatchIds:
    """What one runner has called its matches so far."""

    def __init__(self) -> None:
        self._keys: dict[str, MatchKey] = {}

    def resolved(self, event: Json) -> Json:
        """The event with the runner's own id in the place of a symbolic match ["a", "b", n]."""
        named: Any = event.get("match")
        if event["type"] != "match.answered" or isinstance(named, str):
            return event
        ids = {key: own for own, key in self._keys.items()}
        return {**event, "match": ids.get((named[0], named[1], named[2]), NO_MATCH)}

    def seen(self, output: Json) -> Json:
        """The output as the model writes it: no id, and the key in the place of the match's id."""
        own = output["match"]
        if own not in self._keys:
            a, b = output["attendees"]  # what comes first for a match is a suggestion, which names both
            self._keys[own] = (a, b, sum(key[:2] == (a, b) for key in self._keys.values()))
        return {**{name: value for name, value in output.items() if name != "id"}, "match": self._keys[own]}
