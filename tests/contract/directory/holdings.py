"""Whose accounts are whose: claimed, verified, lost or released; and who had which."""

from services.directory.port import Claims, Directory, Held, Holding
from tests.contract.directory.steps import tokens_for
from tests.directory.conftest import Clock


def holds(directory: Directory, attendee: str, **accounts: Holding) -> dict[str, str]:
    """An attendee holds these accounts of x; the token of each."""
    tokens = tokens_for(directory, [f"x:{name}" for name in accounts])
    directory.hold([Held("hims", attendee, tokens[f"x:{name}"], how) for name, how in accounts.items()])
    return tokens


class Holdings:
    """Accounts and their holders."""

    def test_the_newest_proof_has_it(self, directory: Directory) -> None:
        (token,) = holds(directory, "a1", ada="verified").values()
        holds(directory, "a2", ada="verified")
        assert directory.accounts.held_by("hims", "a1") == {token: "lost"}
        assert directory.accounts.held_by("hims", "a2") == {token: "verified"}
        assert directory.accounts.proved_before("hims", "a2", ["x:ada", "x:bob"]) == ["a1"]
        assert directory.accounts.proved_before("vive", "a2", ["x:ada"]) == []

    def test_who_is_registered_again_claims_what_is_named_then(self, directory: Directory) -> None:
        tokens = holds(directory, "a1", one="claimed", two="claimed", three="verified")
        directory.replace_claims([Claims("hims", "a1", (tokens["x:two"],))])
        held = directory.accounts.held_by("hims", "a1")
        assert [held[tokens[f"x:{name}"]] for name in ("one", "two", "three")] == ["released", "claimed", "verified"]

    def test_what_somebody_ever_had_is_found_but_no_claim_that_was_given_up(self, directory: Directory) -> None:
        tokens = holds(directory, "a1", z="verified", claimed="claimed", gone="released", a="verified")
        holds(directory, "a1", z="released")
        assert list(directory.accounts.ever_had("hims", "a1").items()) == [
            ("x:a", True),
            ("x:z", True),
            ("x:claimed", False),
        ]
        assert directory.accounts.held_accounts("hims", "a1") == {token: name for name, token in tokens.items()}

    def test_an_account_without_a_token_is_unknown(self, directory: Directory) -> None:
        tokens_for(directory, ["x:ada"])
        assert directory.accounts.count_unknown(["x:ada", "x:bob", "x:bob", "x:cyd"]) == 2
        assert directory.accounts.count_unknown([]) == 0

    def test_what_is_at_hand_is_what_would_be_looked_up(self, directory: Directory, clock: Clock) -> None:
        rows = directory.rows_for(["x:ada", "x:bob"])
        assert directory.cached_rows(["x:ada", "x:bob"]) in (None, rows)  # whoever has no memory asks its files
        assert directory.cached_rows(["x:ada", "x:nobody"]) is None
        assert directory.accounts.count_unknown(["x:nobody"]) == 1
