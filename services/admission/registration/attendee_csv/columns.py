"""Recognises the columns of a CSV by the titles that ticket tools and spreadsheets use, in several languages.

Invariants: a title that is in no list is not understood, and is reported. Consent is never taken from a question in an
organizer's own words. Titles are compared without case, accents and punctuation.
Source: exports of Eventbrite, Luma, pretix, Tito, Hi.Events and Indico, as their documentation names the columns.
"""

import re
import unicodedata

from schemas.folding import fold
from services.admission.registration.attendee_csv.values import CellError, Column

CONSENTS = ("matching", "chats", "share_place", "show_name")
# By column: titles, those that are nearest to the person first; within a group, two are too many.
_TITLES: dict[str, tuple[str, ...]] = {
    "name": (
        "attendee name, ticket full name, ticket holder, ticket holder name, guest name, participant name",
        "name, full name, fullname, attendee, display name, participant, teilnehmer, teilnehmername, ganzer name, "
        "vollstandiger name, "
        "nom complet, nom du participant, nombre completo, nombre y apellidos, nome completo, naam, volledige naam, "
        "navn, namn, imie i nazwisko, 氏名, 名前, お名前, 姓名, имя",
        "nom, nombre, nome",
    ),
    "first": (
        "attendee first name, attendee name given name, ticket first name, guest first name, teilnehmername vorname, "
        "vorname des teilnehmers, prenom du participant, nombre del asistente, nome do participante",
        "first name, firstname, given name, forename, vorname, prenom, voornaam, fornavn, fornamn, etunimi, imie, 名, "
        "primeiro nome, primer nombre, nome proprio, given names, first names",
    ),
    "last": (
        "attendee last name, attendee name family name, ticket last name, guest last name, teilnehmername nachname, "
        "teilnehmername familienname, nachname des teilnehmers, nom du participant nom, apellidos del asistente",
        "姓, last name, lastname, surname, family name, nachname, familienname, nom de famille, apellido, apellidos, "
        "achternaam, efternavn, etternavn, efternamn, sukunimi, nazwisko, sobrenome, apelido, cognome",
    ),
    "email": (
        "attendee email, attendee e mail, attendee email address, attendee e mail address, ticket email, "
        "ticket holder email, guest email, participant email, participant e mail, teilnehmer e mail, teilnehmer email, "
        "teilnehmer e mail adresse, e mail des teilnehmers, e mail adresse des teilnehmers, e mail du participant, "
        "email du participant, adresse e mail du participant, correo del asistente, correo electronico del asistente, "
        "email do participante, e mail do participante, email del partecipante, e mail van de deelnemer, "
        "deelnemer e mail",
        "email, e mail, mail, email address, e mail address, e mail adresse, emailadresse, mailadresse, "
        "adresse e mail, adresse mail, adresse email, adresse electronique, courriel, correo, correo electronico, "
        "e mailadres, emailadres, endereco de e mail, endereco de email, indirizzo email, indirizzo e mail, "
        "epost, e post, adres e mail, メールアドレス, メール, 电子邮件, 邮箱",
        "order email, buyer email, purchaser email, billing email, contact email",
    ),
    "accounts": (
        "accounts, account, handles, handle, social, social accounts, social media, social handles, konten, konto, "
        "comptes, compte, cuentas, cuenta, contas, conta, accounts on social media",
    ),
    "matching": ("matching, meet, meetups, consent, consent matching, matching consent",),
    "chats": ("chats, chat, consent chats, chats consent",),
    "share_place": ("share place, place, location, share location, consent share place, share place consent",),
    "show_name": ("show name, name visible, show my name",),
    "status": (
        "attendee status, void status, approval status, guest status, ticket status, teilnehmerstatus, ticketstatus",
        "status, estado, statut, etat, stato, stan, tila, 状态, ステータス",
        "order status, booking status, registration status, payment status, bestellstatus, zahlungsstatus, "
        "statut de la commande, estado del pedido, estado do pedido",
    ),
}
_RANKED = {
    title.strip(): (column, rank)
    for column, groups in _TITLES.items()
    for rank, group in enumerate(groups)
    for title in group.split(",")
}
_NETWORKS = {
    "twitter": "x", "x": "x", "bluesky": "bsky", "bsky": "bsky", "mastodon": "mastodon", "fediverse": "mastodon",
    "linkedin": "linkedin", "instagram": "instagram", "threads": "threads", "github": "github",
}  # fmt: skip
# A title with a network's name is an account's if it has nothing else, or one of these; "How did you hear of us, on
# X or LinkedIn?" has not.
_OF_ACCOUNTS = frozenset(
    ("handle", "account", "username", "user", "profile", "profil", "konto", "compte", "cuenta", "perfil", "conta",
     "url", "link", "id", "nutzername", "benutzername", "nickname", "handles", "accounts")
)  # fmt: skip


class Columns:
    """The columns of a heading. ``at``: the places of each column, the most specific to the person first."""

    def __init__(self, heading: list[str]) -> None:
        self.heading = heading
        self.at: dict[str, list[int]] = {}
        self.networks: dict[int, str | None] = {}
        found = [(title, *_meaning(title)) for title in heading]
        for place, (_, column, _, network) in enumerate(found):
            if column is not None:
                self.at.setdefault(column, []).append(place)
            if column == "accounts":
                self.networks[place] = network
        for column, places in self.at.items():
            places.sort(key=lambda place: found[place][2])
            same = [found[place][0] for place in places if found[place][2] == found[places[0]][2]]
            if len(same) > 1 and column != "accounts":
                raise CellError(same[1], f"{same[1]} and {same[0]} mean the same; keep one of them.")
        self._tell_names_apart(found)

    def _tell_names_apart(self, found: list[tuple[str, str | None, int, str | None]]) -> None:
        """Decides whether a title such as nom, nombre or nome means the whole name, or one half beside the other."""
        if len(self.at.get("name", [])) != 1 or found[self.at["name"][0]][2] != 2:
            return
        other = "last" if "last" not in self.at else "first"
        if ("first" in self.at) != ("last" in self.at):
            self.at[other] = self.at.pop("name")

    @property
    def is_of_attendees(self) -> bool:
        """Whether the address is said to be the attendee's own, and not whoever's it is."""
        return _meaning(self.heading[self.at["email"][0]])[1] == 0

    @property
    def unread(self) -> list[int]:
        """The places of columns that were not understood."""
        taken = {place for places in self.at.values() for place in places}
        return [place for place in range(len(self.heading)) if place not in taken]

    @property
    def shown(self) -> tuple[Column, ...]:
        """Each column and what it is taken for."""
        taken = {place: column for column, places in self.at.items() for place in places}
        named = {"first": "first name", "last": "last name"}
        return tuple(
            Column(title, named.get(found, found) if (found := taken.get(place)) else None)
            for place, title in enumerate(self.heading)
        )

    def title(self, column: str) -> str:
        """The column's title in the heading."""
        return self.heading[self.at[column][0]] if column in self.at else column


def count_understood(heading: list[str]) -> int:
    """How many titles are understood; 0 where none means an e-mail address, or a cell is one, for then it is not a
    heading, but a line about who organizes it, such as ``E-mail;office@example.org``."""
    if any("@" in title for title in heading):
        return 0
    found = [_meaning(title)[0] for title in heading]
    return sum(column is not None for column in found) if "email" in found else 0


def _meaning(title: str) -> tuple[str | None, int, str | None]:
    plain = _plain(title)
    if plain in _RANKED:
        return *_RANKED[plain], None
    words = plain.split()
    networks = {_NETWORKS[word] for word in words if word in _NETWORKS}
    if len(networks) == 1 and (len(words) == 1 or not _OF_ACCOUNTS.isdisjoint(words)):
        return "accounts", 0, networks.pop()
    return None, 0, None


def _plain(title: str) -> str:
    letters = unicodedata.normalize("NFD", fold(title))
    bare = "".join(sign for sign in letters if not unicodedata.combining(sign) or ord(sign) > 0x36F)
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFC", bare).replace("_", " ")))
