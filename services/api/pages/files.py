"""Reads the files of the pages from one folder.

Invariants:
- No file outside of the folder is read, neither through ``..`` nor through a link, and no hidden file.
- All addresses in a page are below the path of the public address; scripts determine their location themselves.
Why: Litestar switches threads five times to serve a local file; this does it twice, once to stat and once to read.
"""

import asyncio
import mimetypes
from pathlib import Path
from typing import Any, Self

from litestar.types.file_types import FileInfo

_HTML = ".html"
_TYPES = {".webmanifest": "application/manifest+json", ".js": "text/javascript", ".mjs": "text/javascript"}


class PageFiles:
    """A file system for Litestar's static files. ``public_path``: "" or such as "/hallway"."""

    def __init__(self, folder: Path, public_path: str) -> None:
        self.folder, self._public_path = folder.resolve(), public_path
        for suffix, media_type in _TYPES.items():
            mimetypes.add_type(media_type, suffix)  # else the machine decides, and may not know some

    async def read(self, name: str) -> bytes | None:
        """The content of a file in the folder; None where there is no such file."""
        try:
            return await asyncio.to_thread(self._read, self.folder / name)
        except FileNotFoundError:
            return None

    def place(self, page: bytes) -> bytes:
        """A page with all its addresses below the public path."""
        return page.replace(b'="/', b'="' + self._public_path.encode() + b"/")

    async def info(self, path: Any, **_: Any) -> FileInfo:
        """The file's metadata, with the size as served. FileNotFoundError also where it may not be served."""
        return await asyncio.to_thread(self._info, Path(path))

    async def open(self, file: Any, **_: Any) -> "_Content":
        """The content as served, as an asynchronous file."""
        return _Content(await asyncio.to_thread(self._read, Path(file)))

    def _info(self, path: Path) -> FileInfo:
        found = self._checked(path).stat()
        return {
            "created": found.st_ctime,
            "gid": found.st_gid,
            "ino": found.st_ino,
            "islink": False,
            "mode": found.st_mode,
            "mtime": found.st_mtime,
            "name": str(path),
            "nlink": found.st_nlink,
            "size": len(self._read(path)) if path.suffix == _HTML else found.st_size,
            "type": "file",
            "uid": found.st_uid,
        }

    def _read(self, path: Path) -> bytes:
        content = self._checked(path).read_bytes()
        return self.place(content) if path.suffix == _HTML else content

    def _checked(self, path: Path) -> Path:
        try:
            real = path.resolve()
            is_hidden = path.name.startswith(".")
            if real.is_relative_to(self.folder) and real.is_file() and not is_hidden:
                return real
        except (OSError, ValueError):  # a name that no file can have
            pass
        raise FileNotFoundError(path.name)


class _Content:
    """An in-memory file with the interface of an asynchronous one."""

    def __init__(self, content: bytes) -> None:
        self._left = content

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return

    async def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes; by default all that are left."""
        some = self._left if size < 0 else self._left[:size]
        self._left = self._left[len(some) :]
        return some
