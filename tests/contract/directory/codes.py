"""One-time codes: found where only the owner writes, for one attendee and account, once, and not by trying."""

import asyncio
import re

import pytest

from schemas.times import HOUR_MS
from services.directory.port import MOST_CODES_AN_HOUR, MOST_LOOKS, CheckState, Directory, PublicProfile
from tests.contract.directory.steps import erase
from tests.directory.conftest import Clock
from tests.directory.static_reader import StaticReader


def look(directory: Directory, reader: StaticReader, who: str = "a1", account: str = "x:ada") -> CheckState:
    return asyncio.run(directory.codes.check("hims", who, account, reader)).state


def begun(directory: Directory, who: str = "a1", account: str = "x:ada") -> str:
    code = directory.codes.begin("hims", who, account)
    assert code is not None
    return code


class Codes:
    """One-time codes."""

    @pytest.mark.parametrize("text", ["{}", "Hello {}!", "<p>{}</p>", "#{}", "{} hallway-aaaaaaaa"])
    def test_found_in_a_post_and_used_up(self, directory: Directory, text: str) -> None:
        reader = StaticReader({"x:ada": ["nothing", text.format(begun(directory).upper())]})
        assert look(directory, reader) == "verified"
        assert look(directory, reader) == "expired"

    def test_another_account_or_attendee_is_not_proved(self, directory: Directory) -> None:
        code = begun(directory)
        begun(directory, "mallory")
        begun(directory, "a1", "x:bob")
        assert look(directory, StaticReader({"x:ada": [code]}), "mallory") == "not_found"
        assert look(directory, StaticReader({"x:bob": [code]}), "a1", "x:bob") == "not_found"
        assert asyncio.run(directory.codes.check("other", "a1", "x:ada", StaticReader())).state == "expired"

    def test_the_account_is_normalised(self, directory: Directory) -> None:
        code = directory.codes.begin("hims", "a1", "X:@Ada")
        assert look(directory, StaticReader({"x:ada": [code or ""]})) == "verified"
        with pytest.raises(ValueError, match="account"):
            directory.codes.begin("hims", "a1", "ada")

    def test_an_hour_and_not_longer(self, directory: Directory, clock: Clock) -> None:
        reader = StaticReader({"x:ada": [begun(directory)]})
        clock.now += HOUR_MS
        assert look(directory, reader) == "expired"
        assert reader.asked == []

    def test_a_newer_code_ends_the_older(self, directory: Directory) -> None:
        old, new = begun(directory), begun(directory)
        assert look(directory, StaticReader({"x:ada": [old]})) == "not_found"
        assert look(directory, StaticReader({"x:ada": [new]})) == "verified"

    def test_trying_is_bounded(self, directory: Directory, clock: Clock) -> None:
        """In an hour: 5 codes of 40 bits, each looked for 10 times, in at most 50 texts; and no more requests."""
        reader = StaticReader({"x:ada": ["hallway-aaaaaaaa"]})
        codes = []
        while (code := directory.codes.begin("hims", "a1", "x:ada")) is not None:
            codes.append(code)
            while look(directory, reader) == "not_found":
                pass
            assert look(directory, reader) == "too_many"
        assert len(set(codes)) == MOST_CODES_AN_HOUR
        assert len(reader.asked) == MOST_CODES_AN_HOUR * MOST_LOOKS
        assert all(re.fullmatch(r"hallway-[a-km-np-z2-9]{8}", code) for code in codes)
        clock.now += HOUR_MS
        begun(directory)

    def test_huge_texts_are_cut(self, directory: Directory) -> None:
        code = begun(directory)
        assert look(directory, StaticReader({"x:ada": ["x" * 20_000 + code]})) == "not_found"
        assert look(directory, StaticReader({"x:ada": [""] * 60 + [code]})) == "not_found"

    def test_erased_while_it_is_looked_for(self, directory: Directory) -> None:
        code = begun(directory)

        class Slow(StaticReader):
            async def read(self, account: str) -> PublicProfile:
                erase(directory, "hims", "a1")
                return PublicProfile((code,))

        assert look(directory, Slow()) == "expired"

    def test_a_proof_is_kept_until_the_log_has_it(self, directory: Directory, clock: Clock) -> None:
        reader = StaticReader({"x:ada": [begun(directory)]})
        found = asyncio.run(directory.codes.check("hims", "a1", "x:ada", reader))
        assert found.proof is not None
        assert (found.proof.account, found.proof.accounts, found.proof.at) == ("x:ada", ("x:ada",), clock.now)
        clock.now += 2 * HOUR_MS
        begun(directory, "a2")
        assert directory.codes.pending() == directory.codes.pending("hims", "a1") == [found.proof]
        assert directory.codes.pending("hims", "a2") == []
        directory.codes.finish(found.proof)
        assert directory.codes.pending() == []

    def test_who_gives_an_account_up_has_no_proof_of_it(self, directory: Directory) -> None:
        reader = StaticReader({"x:ada": [begun(directory)]})
        assert look(directory, reader) == "verified"
        directory.codes.withdraw("hims", "a1", "x:bob")
        assert len(directory.codes.pending()) == 1
        directory.codes.withdraw("hims", "a1", "X:@Ada")
        assert directory.codes.pending() == []

    def test_a_newer_proof_by_somebody_else_takes_the_place_of_an_older(self, directory: Directory) -> None:
        for who in ("a1", "a2"):
            assert look(directory, StaticReader({"x:ada": [begun(directory, who)]}), who) == "verified"
        assert [proof.attendee for proof in directory.codes.pending()] == ["a2"]
