"""The names of what Redis holds.

Owns: every key. Theory: the conference stands in braces, which is Redis' hash tag, so all keys of a conference lie on
one node of a cluster and a script may touch them together. Only ``people``, ``inbox``, ``cards`` and ``others`` name
attendees.
"""

from dataclasses import dataclass

HINTS = "hallway:entries"  # the channel; what is told there is in ``hints``
PROBE = "mark:{}:probe"  # written and removed at once, to see whether writes are taken; no conference is called ""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one conference. Conferences and attendees are plain ids: no braces, no colons."""

    conference: str

    @property
    def mark(self) -> str:
        """A hash: ``epoch``, ``view`` (version), ``position``, ``cards`` (put into inboxes, ever), while it is built
        ``building``."""
        return f"mark:{{{self.conference}}}"

    @property
    def people(self) -> str:
        """A set: the attendees with keys of their own, to remove them without a search through all keys."""
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
