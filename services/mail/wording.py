"""What the mails say, as plain data: a subject, paragraphs, and links.

Invariants: a mail names the conference, its link and when that ends, and nothing else about a person; a name only where
several people share the address, to tell their links apart. Times are in the conference's time zone.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from services.directory.port import Mail, MailedLink

Describe = Callable[[str], tuple[str, str]]  # a conference's id -> its name and time zone


class Button(Struct, frozen=True):
    """A link with what is said before it and below it."""

    before: str
    address: str
    below: str


class Words(Struct, frozen=True):
    """A mail's text: ``opening`` and ``closing`` are paragraphs, with the links between them."""

    subject: str
    opening: tuple[str, ...]
    buttons: tuple[Button, ...]
    closing: tuple[str, ...]


_TAP = "It opens a page with the button “Continue”; only that button uses the link."
_OWN = "Whoever opens the link is signed in as you, so do not forward this mail."
_OF_OTHERS = (
    "Whoever opens a link is signed in as the person whose name it has: give each of them their own, and no other."
)


def words_of(mail: Mail, describe: Describe, sign_in_link: Callable[[str], str], home: str) -> Words:
    """The text of a mail. ``sign_in_link``: the address of a secret. ``home``: the server's address."""
    buttons = tuple(_button(link, describe, sign_in_link) for link in mail.links)
    names = list(dict.fromkeys(describe(link.conference)[0] for link in mail.links))
    subject = f"Your sign-in link for {names[0]}" if len(names) == 1 else "Your sign-in links"
    warning = _OF_OTHERS if any(link.name for link in mail.links) else _OWN
    if mail.kind == "first":
        return _first(subject, names[0], buttons, warning)
    return _lost(subject, buttons, warning, home)


def test_words(home: str) -> Words:
    """The text of an operator's test mail."""
    opening = ("This is a test mail.", f"Hallway at {home} can send mail through this mail server.")
    return Words("Test mail from Hallway", opening, (), ("It was sent by the operator. Nobody needs to do anything.",))


def _first(subject: str, name: str, buttons: tuple[Button, ...], warning: str) -> Words:
    opening = (
        "Meet the people you already know.",
        f"You have talked online for years. At {name}, Hallway tells you when somebody you know is there too.",
    )
    closing = (
        f"The link works once. {_TAP} You can add other devices later, under You.",
        warning,
        f"You get this mail, once, because the organizer of {name} registered this address. If that is a mistake, "
        "delete it or tell the organizer.",
    )
    return Words(subject, opening, buttons, closing)


def _lost(subject: str, buttons: tuple[Button, ...], warning: str, home: str) -> Words:
    opening = (f"Somebody, probably you, asked at {home} for a sign-in link for this address.",)
    once = "The link works once." if len(buttons) == 1 else "Each link works once."
    closing = (
        f"{once} {_TAP} Your other devices are notified of the new one.",
        warning,
        "If you did not ask for it, delete this mail: nobody is signed in unless somebody opens the link.",
    )
    return Words(subject, opening, buttons, closing)


def _button(link: MailedLink, describe: Describe, sign_in_link: Callable[[str], str]) -> Button:
    name, zone = describe(link.conference)
    before = f"{name}, for {link.name}" if link.name else name
    return Button(before, sign_in_link(link.secret), f"Valid until {until(link.expires, zone)}.")


def until(moment: int, zone: str) -> str:
    """A time for people, rounded down to the minute: "Tuesday, 9 March 2027, 14:05 (America/Chicago)"."""
    local = datetime.fromtimestamp(moment // 60_000 * 60, UTC).astimezone(ZoneInfo(zone))
    return f"{_DAYS[local.weekday()]}, {local.day} {_MONTHS[local.month - 1]} {local:%Y, %H:%M} ({zone})"


def text_of(words: Words) -> str:
    """The text as plain text. A link has a line of its own."""
    links = [f"{each.before}:\n{each.address}\n{each.below}" for each in words.buttons]
    return "\n\n".join([*words.opening, *links, *words.closing, _SIGNATURE]) + "\n"


_SIGNATURE = "-- \nHallway"
_DAYS: Sequence[str] = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Sequence[str] = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
