"""The port for people, and for accounts with the tokens that stand for them in every log."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from services.directory.port.values import Account, Claims, Held, Holding, NamedPost, Person, PostRef


class People(Protocol):
    """The people of conferences. ``add`` and ``change`` raise ValueError with a sentence for a person."""

    def add(self, person: Person) -> Person | None:
        """Adds somebody; who has that id already stays, or, where ``attendee`` is empty (then it is a new random one),
        who has that e-mail.

        Returns who is there now; None if that id was erased.
        """

    def change(self, person: Person) -> bool:
        """Replaces what is known of somebody; False if there is nobody, or another has the new e-mail."""

    def get(self, conference: str, attendee: str) -> Person | None:
        """Somebody by id."""

    def all_by_email(self, conference: str, email: str) -> list[Person]:
        """Everybody with an address: several where one person ordered for others."""

    def page(self, conference: str, after: str = "", most: int = 1_000) -> list[Person]:
        """A page of a conference's people, by id."""

    def since(self, conference: str, attendee: str) -> int:
        """The day on which somebody was added; 0: from before that was noted, or only the log knows them."""

    def preferences(self, conference: str, attendee: str) -> str | None:
        """The preferences, as they were kept."""


class Accounts(Protocol):
    """Whose accounts are whose, and the way back from their tokens."""

    def count_unknown(self, accounts: Collection[str]) -> int:
        """How many of them have no token yet."""

    def accounts_of(self, tokens: Collection[str]) -> Mapping[str, str]:
        """The accounts behind tokens, for their owners' own pages only; erased ones are not in it."""

    def held_by(self, conference: str, attendee: str) -> Mapping[str, Holding]:
        """The tokens of an attendee -> claimed, verified, lost (somebody else verified it later) or released."""

    def held_accounts(self, conference: str, attendee: str) -> Mapping[str, str]:
        """By token all accounts that an attendee verified, claims or gave up."""

    def ever_had(self, conference: str, attendee: str) -> Mapping[str, bool]:
        """The accounts of an attendee, the proved ones first -> whether they proved it; a claim given up is none."""

    def proved_before(self, conference: str, attendee: str, accounts: Collection[str]) -> list[str]:
        """The other attendees of a conference who ever proved one of these accounts; sorted."""


class Tokens(Protocol):
    """What pseudonymization needs."""

    def rows_for(self, accounts: Iterable[str]) -> Mapping[str, Account]:
        """The row, and with it the token, of each account; made where there is none."""

    def tokenize_posts(self, posts: Sequence[PostRef], rows: Mapping[str, Account]) -> list[NamedPost]:
        """Each post with its token; changes nothing. ``rows``: at least those of the authors."""

    def hold(self, held: Sequence[Held]) -> None:
        """Remembers whose accounts these are, so that erasing finds them; of the erased nothing."""

    def replace_claims(self, claims: Sequence[Claims]) -> None:
        """Who is registered again claims these accounts only; what was claimed before is given up."""

    def trace(self, text: str) -> str:
        """The same unreadable short text for the same text."""
