"""Kafka's jars: listed with their digests in ``jars.lock``, downloaded once, cached for all folders.

Invariants: a jar is used only if its bytes match the lock.
Why: the lock names every jar, so nothing is resolved at install time; ``lock_jars`` rewrites it. A jar enters the cache
by a rename after its digest was checked, so a partial download is never used; each start checks all again (0.1 s).
"""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

KAFKA_VERSION = "4.1.2"
LOCK_FILE = Path(__file__).with_name("jars.lock")
FETCH_S = 30  # for each answer of the repository

Advance = Callable[[int, int], None]


class KafkaError(Exception):
    """The local Kafka cannot do it; the text says why, and what to do."""


class Jar(NamedTuple):
    """A file of the lock: its Maven coordinates and the SHA-256 of its bytes, in hexadecimal."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def name(self) -> str:
        """The file's name."""
        return f"{self.artifact}-{self.version}.jar"


def read_lock(lock: Path = LOCK_FILE) -> list[Jar]:
    """The jars of the lock."""
    lines = (line.split() for line in lock.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    named = ((*coordinates.split(":"), digest) for digest, coordinates in lines)
    return [Jar._make(names) for names in named]


def cache_folder() -> Path:
    """Where what is fetched once is kept: HALLWAY_CACHE, or ``hallway`` in the account's cache folder."""
    given = os.environ.get("HALLWAY_CACHE")
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hallway"


def install_jars(
    advance: Advance = lambda done, total: None, *, cache: Path | None = None, lock: Path = LOCK_FILE
) -> list[Path]:
    """The jars, fetched where they are missing and checked in any case. ``advance(done, total)`` hears of the fetching.

    KafkaError where one cannot be fetched, or is not the one of the lock.
    """
    jars, folder = read_lock(lock), (cache or cache_folder()) / f"kafka-{KAFKA_VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    with _lock_installs(folder):
        missing = [jar for jar in jars if not (folder / jar.name).exists()]
        for done, jar in enumerate(missing):
            advance(done, len(missing))
            _install(jar, folder)
        if missing:
            advance(len(missing), len(missing))
    for jar in jars:
        _check(jar, folder / jar.name)
    return [folder / jar.name for jar in jars]


def fetch_jar(jar: Jar, folder: Path) -> Path:
    """The jar as it comes from Maven Central, unchecked, somewhere under ``folder``. KafkaError."""
    try:
        from jgo.maven import MavenContext
    except ImportError:
        raise KafkaError(
            "The local Kafka needs the extra `local-kafka`: `make setup` brings it, or `uv sync --extra local-kafka`."
        ) from None
    context = MavenContext(repo_cache=folder, local_repos=[], timeout=FETCH_S)
    artifact = context.project(jar.group, jar.artifact).at_version(jar.version).artifact()
    try:
        found = artifact.resolve()
    except (OSError, RuntimeError, ValueError) as error:  # what requests and jgo raise
        raise KafkaError(
            f"{jar.name} could not be fetched from Maven Central: {error}. What has come is kept; try again."
        ) from None
    return Path(found)


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _install(jar: Jar, folder: Path) -> None:
    coming = folder / "coming"
    shutil.rmtree(coming, ignore_errors=True)  # of an install that was cut
    try:
        found = fetch_jar(jar, coming)
        _check(jar, found)
        found.replace(folder / jar.name)
    finally:
        shutil.rmtree(coming, ignore_errors=True)


def _check(jar: Jar, path: Path) -> None:
    found = digest(path)
    if found != jar.sha256:
        raise KafkaError(
            f"{path} is not the file that Hallway was tested with: its SHA-256 is {found}, expected {jar.sha256}. "
            "Nothing was run. Remove it and try again; if it comes again, do not trust the source it came from."
        )


@contextmanager
def _lock_installs(folder: Path) -> Iterator[None]:
    """One install at a time on this machine; another one waits for it."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
