"""The names of the keys in Redis.

Why: the conference is in braces, Redis' hash tag, so all keys of a conference are on one node of a cluster and a script
may use them together. Only ``people``, ``inbox``, ``cards`` and ``others`` name attendees.
"""

from dataclasses import dataclass

HINTS = "hallway:entries"  # the channel; its messages are in ``pubsub_hints``
PROBE = "mark:{}:probe"  # written and removed at once, to check writes; no conference has the id ""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one conference. Conferences and attendees are plain ids: no braces, no colons."""

    conference: str

    @property
    def mark(self) -> str:
        """The checkpoint, a hash: ``epoch``, ``view`` (version), ``position``, ``cards`` (ever put into inboxes), and
        ``building`` during a rebuild.
        """
        return f"mark:{{{self.conference}}}"

    @property
    def people(self) -> str:
        """A set: the attendees who have keys, to remove them without scanning all keys."""
        return f"people:{{{self.conference}}}"

    @property
    def prefix(self) -> tuple[str, str, str]:
        """What, with an attendee behind it, names the three keys of that attendee."""
        tag = f":{{{self.conference}}}:"
        return f"inbox{tag}", f"cards{tag}", f"others{tag}"

    def of(self, attendee: str) -> list[str]:
        """The attendee's own: a stream by position (``k`` kind, ``m`` match), and two hashes.

        ``cards``: ``kind:match`` -> "cursor view", ``:count`` and ``:trimmed`` cursors. ``others``: ``c:match`` ->
        whom the own card is about ("": erased), ``w:match``: it is over, ``b:match`` -> whose card is about this one.
        """
        inbox, cards, others = self.prefix
        return [inbox + attendee, cards + attendee, others + attendee]
