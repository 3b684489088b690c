"""The demo in a terminal: the newest cards, the clock of the conference, counters at the foot.

Owns: how a card looks and how many there is room for. May never: wait, or know what comes next.
"""

from dataclasses import dataclass, field

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from schemas.outputs import AnyOutput, MatchAgreed, MatchLocated, MatchSuggested, MatchWithdrawn
from schemas.times import millis
from services.demo import wording
from services.demo.scenes import Counts, Day, Scene
from services.demo.wording import Name

CARD_LINES = 5  # with its border
_FRAME_LINES = 6  # what is around the cards


@dataclass(slots=True)
class Card:
    """A match as both see it. ``state`` is its last line."""

    who: str
    at: str
    why: list[str]
    state: str = ""
    style: str = "cyan"


@dataclass(slots=True)
class Stage:
    """What is on the screen. ``height``: lines of the terminal."""

    day: Day
    name: Name
    height: int
    cards: dict[str, Card] = field(default_factory=dict)
    now: int = 0
    counts: Counts = field(default_factory=Counts)

    def play(self, scene: Scene) -> None:
        """Takes a scene in; the card that it is about comes to the front."""
        self.now, self.counts = scene.at, scene.counts
        output = scene.output
        if output is None:
            return
        card = self.cards.pop(output.match, None)
        if isinstance(output, MatchSuggested):
            card = self._suggested(output, card)
        elif card is not None:
            self._changed(card, output)
        if card is not None and not (isinstance(output, MatchWithdrawn) and len(output.to) == 1):
            self.cards[output.match] = card
        while len(self.cards) > self._room():
            del self.cards[next(iter(self.cards))]

    def _room(self) -> int:
        return max(1, (self.height - _FRAME_LINES) // CARD_LINES)

    def _suggested(self, output: MatchSuggested, before: Card | None) -> Card:
        zone = self.day.zone
        a, b = (self.name(person) for person in output.attendees)
        why = [wording.reason(one, zone) for one in output.reasons]
        state = "near each other right now" if output.near else "both are here"
        if len(output.to) == 1:
            state = f"{self.name(output.to[0])} said “later”: asked once more"
        return Card(f"{a}  +  {b}", wording.clock(millis(output.at), zone), why, state)

    def _changed(self, card: Card, output: AnyOutput) -> None:
        match output:
            case MatchAgreed():
                card.style = "green"
                card.state = f"both said yes: {wording.whereabouts(output, self.name, self.day.places)}"
            case MatchLocated():
                place = self.day.places.get(output.place, output.place)
                card.state = f"{self.name(output.attendee).split()[0]}: “I'm at {place}”"
            case MatchWithdrawn():
                card.style, card.state = "bright_black", "the card is taken back"

    def __rich__(self) -> RenderableType:
        cards = [self._panel(card) for card in reversed(self.cards.values())]
        blank = self.height - _FRAME_LINES - CARD_LINES * len(cards)
        return Group(self._head(), Text(), *cards, *[Text() for _ in range(blank)], Text(), self._foot())

    def _head(self) -> RenderableType:
        head = Table.grid(expand=True)
        head.add_column()
        head.add_column(justify="right")
        zone = self.day.zone
        head.add_row(
            Text(self.day.name, style="bold"),
            Text(f"{wording.weekday(self.now, zone)}, {wording.clock(self.now, zone)}", style="bold"),
        )
        return head

    def _panel(self, card: Card) -> Panel:
        why = [Text(line, no_wrap=True, overflow="ellipsis") for line in card.why[: CARD_LINES - 3]]
        if len(why) < CARD_LINES - 3:
            why.append(Text())
        state = Text(card.state, style=card.style, no_wrap=True, overflow="ellipsis")
        return Panel(
            Group(*why, state),
            title=Text(f" {card.who} ", style="bold"),
            title_align="left",
            subtitle=card.at,
            subtitle_align="right",
            border_style=card.style,
            padding=(0, 1),
        )

    def _foot(self) -> RenderableType:
        counts = self.counts
        parts = (
            (f"{counts.posts:,}", " posts  "),
            (f"{counts.registered:,}", " registered  "),
            (f"{counts.here:,}", " here  "),
            (f"{counts.suggested:,}", " suggested  "),
            (f"{counts.agreed:,}", " said yes"),
        )
        foot = Text(no_wrap=True, overflow="ellipsis")
        for number, word in parts:
            foot.append(number, style="bold").append(word, style="dim")
        return Group(Text("─" * 78, style="dim", no_wrap=True), foot)
