"""Invented names for simulated attendees. Never for real ones; no name here comes from any input."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_FIRST = _words(
    "Ada Ben Chidi Dana Elif Femi Grace Hana Ivo Jun Kofi Lena Mira Noor Omar Priya Quinn Rosa Sami Tove Uma "
    "Viktor Wanda Ximena Yusuf Zoe Amara Bram Carla Dev Esra Finn Gita Hugo Ines Jonas Kaia Liam Maya Nils "
)
_LAST = _words(
    "Abara Berg Castillo Dogan Eriksen Fofanah Gupta Hale Ibarra Jansen Kimura Lindqvist Mensah Novak Okoro "
    "Petrov Quist Rahimi Santos Takeda Ueda Vega Whitlock Xu Yilmaz Zamora "
)


class Pseudonyms:
    """Gives each attendee a name, in the order in which they are asked for."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def __call__(self, attendee: str) -> str:
        """The attendee's name: always the same one, and nobody else's."""
        name = self._names.get(attendee)
        if name is None:
            number = len(self._names)
            # 7 mixes the lists; counting the round in, 40 * 26 numbers have names of their own.
            first = _FIRST[number % len(_FIRST)]
            last = _LAST[(7 * number + number // len(_FIRST) + 3) % len(_LAST)]
            round_ = number // (len(_FIRST) * len(_LAST))
            name = self._names[attendee] = f"{first} {last}{f' {round_ + 1}' if round_ else ''}"
        return name
