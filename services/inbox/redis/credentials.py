"""The Redis user and password from the environment: other users of the machine can read a command line.

HALLWAY_REDIS_USER           the user; without it the server's default one
HALLWAY_REDIS_PASSWORD_FILE  a file with the password in one line
"""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit

from services.usage_errors import UnusableError

USER, PASSWORD_FILE = "HALLWAY_REDIS_USER", "HALLWAY_REDIS_PASSWORD_FILE"  # a setting's name
_MOST_BYTES = 4_096


def add_login(url: str, environment: Mapping[str, str]) -> str:
    """Adds the user and password to the address. UnusableError: a setting cannot be used."""
    user, file = environment.get(USER, ""), environment.get(PASSWORD_FILE, "")
    if not user and not file:
        return url
    if not file:
        raise UnusableError(f"{USER} is set, but {PASSWORD_FILE} is not. Set it to the file with the user's password.")
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise UnusableError(f"--redis already has a user or password. Remove it there, or unset {PASSWORD_FILE}.")
    login = f"{quote(user, safe='')}:{quote(_password(Path(file)), safe='')}@"
    return parts._replace(netloc=login + parts.netloc).geturl()


def _password(path: Path) -> str:
    try:
        with path.open("rb") as file:
            password = file.read(_MOST_BYTES + 1).decode().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
        raise UnusableError(f"{PASSWORD_FILE}: {path} cannot be read ({reason}).") from None
    if not password or "\n" in password or len(password) > _MOST_BYTES:
        raise UnusableError(f"{PASSWORD_FILE}: {path} must hold the password in one line.")
    return password
