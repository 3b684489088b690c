"""``hallway schema``: writes the documents of the events, and checks whether they are current."""

from pathlib import Path

from services.usage_errors import UnusableError

FOLDER = Path(__file__).parents[2] / "docs" / "schema"
_CONTRACT = "../contract.md"  # beside the folder; written by hand but for a table


def contract(folder: Path) -> dict[str, bytes]:
    """The contract with the table of today, where the page lies beside the folder. UnusableError: it has no place."""
    from schemas.contract_table import insert_table

    page = folder / _CONTRACT
    if not page.is_file():
        return {}
    try:
        return {_CONTRACT: insert_table(page.read_text(encoding="utf-8")).encode()}
    except ValueError as error:
        raise UnusableError(f"{page} {error}.") from None


def stale(documents: dict[str, bytes], folder: Path) -> list[str]:
    """The names of the documents that are missing or not current."""
    found = {name: folder / name for name in documents}
    return [name for name, path in found.items() if not path.is_file() or path.read_bytes() != documents[name]]


def write(documents: dict[str, bytes], folder: Path) -> None:
    """Writes all documents."""
    for name, content in documents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
