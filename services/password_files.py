"""Files that hold a password, named by an environment variable."""

from pathlib import Path

from services.usage_errors import UnusableError

_MOST_BYTES = 4_096


def read_password(path: Path, variable: str) -> str:
    """The password in a file, which is one line. ``variable``: what named it. UnusableError."""
    try:
        with path.open("rb") as file:
            password = file.read(_MOST_BYTES + 1).decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
        raise UnusableError(f"{variable}: {path} cannot be read ({reason}).") from None
    if not password or "\n" in password or len(password) > _MOST_BYTES:
        raise UnusableError(f"{variable}: {path} must hold the password in one line.")
    return password
