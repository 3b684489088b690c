"""The raw bytes of every file of a folder, as somebody with the disk would see them."""

from pathlib import Path


def raw(folder: Path) -> bytes:
    """All bytes of all files under a folder, the secret's left out."""
    return b"\n".join(
        path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".key"
    )


def left(folder: Path, canaries: list[str]) -> list[str]:
    """The canaries that are to be found there, as UTF-8 or UTF-16."""
    data = raw(folder)
    return [text for text in canaries if text.encode() in data or text.encode("utf-16-le") in data]
