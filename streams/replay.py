"""A recorded stream folded as fast as it goes: routing, then each conference's matcher.

Owns: the fold over all conferences and its digest. May never: read or write files (``services`` does), or keep outputs.
"""

from hashlib import blake2b
from typing import Any

from schemas.codec import Record, encode_output
from schemas.outputs import AnyOutput
from streams.matching import Matcher
from streams.routing import Router


class Replay:
    """Folds records in the order in which they come. ``policy`` overrides what conferences set (for comparisons)."""

    def __init__(self, policy: dict[str, Any] | None = None) -> None:
        self.matchers: dict[str, Matcher] = {}
        self.now: int | None = None
        self.unrouted = 0
        self._policy = policy
        self._router = Router()
        self._digest = blake2b(digest_size=16)

    def matcher(self, conference: str) -> Matcher:
        """The matcher of a conference, made when it is new."""
        found = self.matchers.get(conference)
        if found is None:
            found = self.matchers[conference] = Matcher(conference, self._policy)
        return found

    def feed(self, record: Record) -> list[AnyOutput]:
        """The outputs of one record, in all conferences that it reaches."""
        event = record.event
        now = record.at if record.recorded is None else record.recorded
        if self.now is None or now > self.now:
            self.now = now
        conference = event.conference
        if conference is not None:
            self._router.learn(event)
            matcher = self.matchers.get(conference) or self.matcher(conference)
            return matcher.apply(event, record.at, record.recorded)
        routed = self._router.route(event)
        self.unrouted += not routed
        outputs = []
        for conference, copy in routed:
            matcher = self.matcher(conference)
            outputs += matcher.apply(copy, record.at, record.recorded)
        return outputs

    def written(self, output: AnyOutput) -> bytes:
        """The output as a line; the digest takes it in."""
        line = encode_output(output) + b"\n"
        self._digest.update(line)
        return line

    def digest(self) -> str:
        """Tells this run's outputs from others': the same for the same outputs, byte for byte."""
        return self._digest.hexdigest()
