"""The port for people, and for accounts with the tokens that stand for them in every log."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from services.directory.port.values import Account, Claims, Held, Holding, NamedPost, Person, PostRef


class People(Protocol):
    """The people of conferences. ``add`` and ``change`` raise ValueError with a sentence for a person."""

    def add(self, person: Person) -> Person | None:
        """Adds a person. Somebody with the same id stays as they are; where ``attendee`` is empty (then the id is a new
        random one), somebody with the same e-mail.

        Returns the stored person; None if the id was erased.
        """

    def change(self, person: Person) -> bool:
        """Replaces a person's fields; False if they do not exist, or somebody else has the new e-mail."""

    def get(self, conference: str, attendee: str) -> Person | None:
        """The person with this id, or None."""

    def all_by_email(self, conference: str, email: str) -> list[Person]:
        """Everybody with this address: several where one person ordered for others."""

    def page(self, conference: str, after: str = "", most: int = 1_000) -> list[Person]:
        """A page of a conference's people, sorted by id."""

    def since(self, conference: str, attendee: str) -> int:
        """The day on which somebody was added; 0 where it was not recorded yet, or only the log knows them."""

    def preferences(self, conference: str, attendee: str) -> str | None:
        """The stored preferences, or None."""


class Accounts(Protocol):
    """Which attendee holds which account, and the accounts behind tokens."""

    def count_unknown(self, accounts: Collection[str]) -> int:
        """How many of these accounts have no token yet."""

    def accounts_of(self, tokens: Collection[str]) -> Mapping[str, str]:
        """The accounts behind tokens, without erased ones; for their owners' own pages only."""

    def held_by(self, conference: str, attendee: str) -> Mapping[str, Holding]:
        """An attendee's tokens, each claimed, verified, lost (somebody else verified it later) or released."""

    def held_accounts(self, conference: str, attendee: str) -> Mapping[str, str]:
        """All accounts that an attendee verified, claims or gave up, by token."""

    def ever_had(self, conference: str, attendee: str) -> Mapping[str, bool]:
        """An attendee's accounts, proved ones first, each with whether it was proved; without claims given up."""

    def proved_before(self, conference: str, attendee: str, accounts: Collection[str]) -> list[str]:
        """The other attendees of a conference who have ever proved one of these accounts; sorted."""


class Tokens(Protocol):
    """The tokens of accounts and posts, for pseudonymization."""

    def rows_for(self, accounts: Iterable[str]) -> Mapping[str, Account]:
        """The row of each account, with its token; created where it is missing."""

    def tokenize_posts(self, posts: Sequence[PostRef], rows: Mapping[str, Account]) -> list[NamedPost]:
        """Each post with its token; changes nothing. ``rows``: at least the authors'."""

    def hold(self, held: Sequence[Held]) -> None:
        """Records who holds these accounts, so that an erasure finds them; nothing for erased attendees."""

    def replace_claims(self, claims: Sequence[Claims]) -> None:
        """Replaces the claims of registered attendees; earlier claims are given up."""

    def trace(self, text: str) -> str:
        """A short keyed digest of the text."""
