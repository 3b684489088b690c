"""The contract's table of events is what the specs say, and `hallway schema --check` notices when it is not."""

from pathlib import Path

import pytest

from schemas.contract_table import BEGIN, END, insert_table, table
from schemas.events import BY_NAME
from services.cli import schema_files

PAGE = Path(__file__).parents[2] / "docs" / "contract.md"


def test_the_page_has_the_table_of_today() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == insert_table(page), "docs/contract.md is old: run `make schema`"
    assert [row.split("`")[1] for row in table().splitlines()[2:]] == list(BY_NAME)


def test_a_row_says_the_fields_and_which_may_be_left_out() -> None:
    (row,) = [row for row in table().splitlines() if row.startswith("| `activity.posted`")]
    assert "`actor` (account), `hashtags` [text], `mentions` [account], `reply_to`? (account)" in row
    assert "`backfilled`?, `conference`? |" in row
    assert "`places` [{`place`, `name`}]" in table()
    assert "`answer` (`accepted`, " in table()


def test_what_is_written_by_hand_stays(tmp_path: Path) -> None:
    folder = tmp_path / "schema"
    folder.mkdir()
    page = tmp_path / "contract.md"
    page.write_text(f"before\n{BEGIN}| `clock.ticked` | other |\n{END}after\n", encoding="utf-8")
    found = schema_files.contract(folder)
    assert schema_files.stale(found, folder) == ["../contract.md"]
    schema_files.write(found, folder)
    assert schema_files.stale(schema_files.contract(folder), folder) == []
    assert page.read_text(encoding="utf-8") == f"before\n{BEGIN}\n{table()}\n{END}after\n"


@pytest.mark.parametrize("page", ["", BEGIN, END, f"{END}{BEGIN}"])
def test_a_page_without_the_marks_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="has no place for the table of events"):
        insert_table(page)
