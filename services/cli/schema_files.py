"""``hallway schema``: the JSON Schema documents of the events, written from the Structs.

Owns: where they lie, and whether they are current. May never: say what is in them (``schemas.json_schema`` does).
"""

from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs" / "schema"


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
