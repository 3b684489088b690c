"""Decodes the bytes of a CSV: UTF-8, UTF-16, Excel's Windows-1252, or the charset that the sender declares.

Invariants: nothing else is guessed. Decoding as Windows-1252 is reported, so that the organizer can check names.
Why no detector: on a few names charset-normalizer and its like are wrong too often, and a wrong guess garbles names
silently.
"""

import codecs

from services.admission.registration.attendee_csv.values import CellError

CSV_BYTES = 10 * 1024 * 1024
_MARKS = (
    (codecs.BOM_UTF8, "UTF-8", "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "UTF-16", "utf-16"),
    (codecs.BOM_UTF16_BE, "UTF-16", "utf-16"),
)
WINDOWS = "Windows-1252"
# Charsets that a sender may declare in Content-Type; Python's other codecs are not text encodings of tables.
_NAMED = frozenset(
    ("utf-8", "ascii", "utf-16", "utf-16-le", "utf-16-be", "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1257",
     "iso8859-1", "iso8859-2", "iso8859-15", "mac-roman", "koi8-r", "shift_jis", "cp932", "euc_jp", "gbk", "gb18030",
     "gb2312", "big5", "euc_kr", "cp949")
)  # fmt: skip


def text_of(data: bytes, charset: str = "") -> tuple[str, str]:
    """The text and the name of its encoding. ``charset``: as the sender declares. CellError."""
    if len(data) > CSV_BYTES:
        raise CellError(None, f"The file has more than {CSV_BYTES // 1024**2} MB; split it.")
    text, encoding = _decoded(data, charset)
    if "\0" in text:
        raise CellError(None, "The file is not text; save it as CSV in UTF-8.")
    return text, encoding


def _decoded(data: bytes, charset: str) -> tuple[str, str]:
    for mark, name, codec in _MARKS:
        if data.startswith(mark):
            return _strict(data, codec, name), name
    if charset:
        return _strict(data, _known(charset), charset).removeprefix("\ufeff"), charset
    wide = _wide(data)
    if wide:
        return _strict(data, wide, "UTF-16"), "UTF-16"
    try:
        return data.decode("utf-8"), "UTF-8"
    except UnicodeDecodeError:
        return _strict(data, "cp1252", WINDOWS), WINDOWS


def _known(charset: str) -> str:
    try:
        codec = codecs.lookup(charset).name
    except LookupError:
        codec = ""
    if codec not in _NAMED:
        raise CellError(None, f"The encoding {charset[:40]!r} is not known; save the file as CSV in UTF-8.")
    return codec


def _wide(data: bytes) -> str | None:
    """The codec of UTF-16 without a byte order mark: every other byte of a heading in Latin letters is 0."""
    head = data[:200]
    if len(head) >= 4 and not any(head[1::2]) and all(head[::2]):
        return "utf-16-le"
    return "utf-16-be" if len(head) >= 4 and not any(head[::2]) and all(head[1::2]) else None


def _strict(data: bytes, codec: str, name: str) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        said = "neither UTF-8 nor Windows-1252" if name == WINDOWS else f"not in {name}"
        raise CellError(None, f"Line {line} is {said}; save the file as CSV in UTF-8.") from None
