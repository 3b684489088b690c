"""Folds a recorded stream as fast as possible: routing, then each conference's matcher.

Responsibility: the fold over all conferences, and the digest of its outputs. Files are up to ``services``.
"""

from hashlib import blake2b
from typing import Any

from schemas.codec import Record, encode_output
from schemas.outputs import AnyOutput
from streams.matching import Matcher
from streams.routing import Router


class Replay:
    """Folds records in the given order. ``policy`` overrides the conferences' settings, for comparisons."""

    def __init__(self, policy: dict[str, Any] | None = None) -> None:
        self.matchers: dict[str, Matcher] = {}
        self.now: int | None = None
        self.unrouted = 0
        self._policy = policy
        self._router = Router()
        self._digest = blake2b(digest_size=16)

    def matcher(self, conference: str) -> Matcher:
        """The matcher of a conference, created if new."""
        found = self.matchers.get(conference)
        if found is None:
            found = self.matchers[conference] = Matcher(conference, self._policy)
        return found

    def feed(self, record: Record) -> list[AnyOutput]:
        """The outputs of one record, in all conferences to which it is routed."""
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

    def encode(self, output: AnyOutput) -> bytes:
        """The output as a line of JSON; adds it to the digest."""
        line = encode_output(output) + b"\n"
        self._digest.update(line)
        return line

    def digest(self) -> str:
        """The digest of all encoded outputs in hex: equal for equal outputs, byte for byte."""
        return self._digest.hexdigest()
