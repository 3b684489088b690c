"""The Redis user and password from the environment: other users of the machine can read a command line.

HALLWAY_REDIS_USER           the user; without it the server's default one
HALLWAY_REDIS_PASSWORD_FILE  a file with the password in one line
"""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit

from services.password_files import read_password
from services.usage_errors import UnusableError

USER, PASSWORD_FILE = "HALLWAY_REDIS_USER", "HALLWAY_REDIS_PASSWORD_FILE"  # a setting's name


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
    login = f"{quote(user, safe='')}:{quote(read_password(Path(file), PASSWORD_FILE), safe='')}@"
    return parts._replace(netloc=login + parts.netloc).geturl()
