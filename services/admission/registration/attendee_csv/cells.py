"""Parses cells: yes or no in the words of spreadsheets, an e-mail address, accounts, a spreadsheet's error value.

Invariants: consent is never guessed: a cell that is neither a yes nor a no of the lists below is a mistake.
"""

import re

from schemas import names
from schemas.folding import strip_invisible
from services.admission.registration.attendee_csv.values import MOST_ACCOUNTS, CellError

# English, German, French, Spanish, Portuguese, Italian, Dutch, the North's, Polish, Czech, Hungarian, Turkish, Russian,
# Japanese, Chinese: a yes, and what spreadsheets and databases write for true.
_YES = frozenset(
    ("yes", "y", "true", "t", "1", "x", "on", "✓", "✔", "☑", "✅", "ja", "j", "wahr", "oui", "o", "vrai", "si", "sí",
     "sì", "verdadero", "sim", "verdadeiro", "vero", "waar", "sann", "sant", "sand", "kyllä", "tosi", "tak", "prawda",
     "ano", "pravda", "igen", "igaz", "evet", "doğru", "dogru", "да", "истина", "はい", "真", "是", "1.0")
)  # fmt: skip
_NO = frozenset(
    ("", "no", "n", "false", "f", "0", "-", "–", "—", "off", "☐", "✗", "✘", "❌", "nein", "falsch", "non", "faux",
     "falso", "não", "nao", "nee", "onwaar", "nej", "nei", "falskt", "falsk", "usann", "ei", "epätosi", "nie", "fałsz",
     "ne", "nepravda", "nem", "hamis", "hayır", "hayir", "yanlış", "yanliş", "нет", "ложь", "いいえ", "假", "否", "0.0")
)  # fmt: skip
# How forms and spreadsheets write an empty field.
_NOTHING = frozenset(
    ("", "-", "–", "—", ".", "n/a", "na", "none", "no", "null", "nil", "keine", "nein", "aucun", "non")
)
_ERROR = re.compile(r"#(?:n/?[advn]|value!|ref!|div/0!|num!|name\?|null!|spill!|calc!|error!|wert!|bezug!|zahl!|valeur!"
                    r"|nom\s?\?|nombre!|valor!|getting_data)", re.IGNORECASE)  # fmt: skip
_ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+")
_IN_BRACKETS = re.compile(r"[^<>]*<([^<>\s]+)>")


def is_error(cell: str) -> bool:
    """Whether the cell is a spreadsheet's error value, such as #N/A."""
    return _ERROR.fullmatch(cell) is not None


def is_nothing(cell: str) -> bool:
    """Whether the cell means that there is no value."""
    return cell.casefold() in _NOTHING


def yes_or_no(cell: str) -> bool | None:
    """The cell as a yes or no; None where it is neither."""
    said = strip_invisible(cell).strip().casefold().rstrip(".!")
    return True if said in _YES else False if said in _NO else None


def address_in(cell: str) -> str:
    """An e-mail address, also of ``Ada Byron <ada@example.org>`` and ``mailto:ada@example.org``."""
    cell = strip_invisible(cell).strip()
    found = _IN_BRACKETS.fullmatch(cell)
    return (found[1] if found else cell).removeprefix("mailto:")


def is_address(cell: str) -> bool:
    """Whether it looks like an e-mail address, whatever else is wrong with it."""
    return _ADDRESS.fullmatch(address_in(cell)) is not None


def accounts_in(cell: str, network: str | None, title: str) -> list[str]:
    """The accounts of a cell; ``network``: the one that the column's title names. CellError."""
    accounts: dict[str, None] = {}
    for text in _parts(cell, network):
        try:
            accounts[_account(text, network)] = None
        except ValueError as error:
            raise CellError(title, f"{title} {quoted(text)} {error}.") from None
    if len(accounts) > MOST_ACCOUNTS:
        raise CellError(title, f"{title} has more than {MOST_ACCOUNTS} accounts.")
    return list(accounts)


def _parts(cell: str, network: str | None) -> list[str]:
    if network is not None and is_nothing(cell):
        return []
    return [
        part
        for part in re.split(r"[\s;,]+", strip_invisible(cell))
        if part and (network is None or not is_nothing(part))
    ]


def _account(text: str, network: str | None) -> str:
    try:
        return names.normalize_account(text)
    except ValueError:
        # A link or an e-mail address is not a handle without its network: report what is wrong with it.
        if network is None or ":" in text or ("@" in text[1:] and network != "mastodon"):
            raise
    return names.normalize_account(f"{network}:{text}")


def quoted(text: str) -> str:
    """A value as a message shows it, cut to 60 characters."""
    return repr(text if len(text) <= 60 else f"{text[:57]}...")
