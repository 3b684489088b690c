"""Why a Redis server does not do what it is told, as a sentence that says what to do; and whether that lasts.

Invariants: every sentence is one of this file's. It holds no address, no key and no word of the server's, so everybody
may read it. What the server itself said goes only to the log, cut at its first quotation mark: keys and values follow
there.
Why: each error of the server is a state of that server. Hallway waits for it to pass, as it waits for a server that is
down; it never ends the process, or an operator's mistake over there would stop unrelated work here.
"""

import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator

import structlog
from redis.exceptions import AuthenticationError, InvalidResponse, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from streams.runtime.inboxes import InboxFullError, InboxStoreError

# Errors that pass, so that work is retried. Any other error of the client library is a bug here.
RETRIED_ERRORS = (RedisConnectionError, RedisTimeoutError, InvalidResponse, ResponseError, OSError, TimeoutError)
LOG_INTERVAL_S = 60.0  # between two log lines for the same trouble
_CODE = re.compile(r"[A-Z][A-Z0-9]{2,}")
_SAID_CHARS = 120
_log = structlog.get_logger("hallway.store")
_QUOTES = re.compile("(?<![a-z])['\"`‘“]")

NOAUTH, WRONGPASS = "NOAUTH", "WRONGPASS"
ANSWERS = {
    "BUSY": "Redis is busy with a script that does not end. End it with SCRIPT KILL.",
    "CLUSTERDOWN": "Redis is a cluster that is down or has no slots. Repair it, or use a Redis without cluster mode.",
    "CROSSSLOT": "Redis is a cluster and refuses keys together. Use a Redis without cluster mode.",
    "LOADING": "Redis is still loading its data.",
    "MASTERDOWN": "Redis is a replica that has lost its primary. Name the primary.",
    "MISCONF": "Redis accepts no writes, because it cannot save to its disk. Fix its folder (`dir`) or free space "
    "there; its log says more.",
    "MOVED": "Redis is a cluster and keeps these keys on another node. Use a Redis without cluster mode.",
    NOAUTH: "Redis wants a password. Put it in the address: redis://:PASSWORD@HOST:6379.",
    "NOPERM": "Redis does not allow its user what Hallway needs: EVAL and all that it calls, SCAN, SSCAN, UNLINK, "
    "PUBLISH, SUBSCRIBE and PING, on every key and channel. Fix the user's ACL.",
    "NOREPLICAS": "Redis accepts no writes, because it has fewer replicas in sync than min-replicas-to-write asks for.",
    "OOM": "Redis is at its memory bound and accepts nothing. Raise maxmemory, or end conferences.",
    "READONLY": "Redis is a replica and accepts no writes. Name the primary.",
    "TRYAGAIN": "Redis is a cluster that is moving its keys.",
    WRONGPASS: "Redis refuses the user name or the password. Fix them in the address, or in Redis.",
    "WRONGTYPE": "A key of Hallway's holds something else in Redis: another program writes there. Give Hallway a Redis "
    "or a database of its own, or remove the key.",
}
ANSWERS["ASK"] = ANSWERS["MOVED"]
OTHER = "Redis answers with an error that Hallway does not know. Hallway's log has it."
CLIENTS = "Redis accepts no more connections. Raise maxclients, or end other clients."
NO_DATABASE = "Redis has no database with that number. Use another in the address, or raise `databases`."
NO_COMMAND = (
    "Redis does not know a command that Hallway needs. It must be Valkey, or Redis 7 or newer, with no command renamed."
)
NO_REDIS = "What answers at Redis' address is not a Redis. Fix the address."
NO_HOST = "The host of Redis' address is unknown. Fix the address, or the DNS."
NO_SERVER = "Nothing accepts connections at Redis' address. Start it, or fix the address."
NO_SOCKET = "There is no socket at Redis' address, or Hallway may not use it. Start Redis, or fix the address."
NO_TRUST = "Redis' certificate is not trusted. Set its authority in the address, as ?ssl_ca_certs=FILE."
NO_TLS = "What answers at Redis' address speaks no TLS, or other versions of it. Without TLS the address begins with redis://."
SLOW_TLS = "Redis does not answer in time. If it speaks no TLS, its address begins with redis://."
CLOSED = "Redis closed the connection. If it speaks TLS, its address begins with rediss://."
SLOW = "Redis does not answer in time."
# The beginnings of replies without an error code.
_PLAIN = {
    "max number of clients": CLIENTS,
    "DB index": NO_DATABASE,
    "invalid DB": NO_DATABASE,
    "unknown command": NO_COMMAND,
    "Unknown Redis command": NO_COMMAND,
    "ACL failure in script": ANSWERS["NOPERM"],
}


def store_error(error: Exception, *, tls: bool) -> InboxStoreError:
    """Translates one of RETRIED_ERRORS into the port's error."""
    error = _reply_behind(error)
    code = code_of(error)
    if code == "OOM":
        return InboxFullError(ANSWERS[code])
    if code in ANSWERS:
        return InboxStoreError(ANSWERS[code])
    if (plain := next((says for begins, says in _PLAIN.items() if str(error).startswith(begins)), None)) is not None:
        return InboxStoreError(plain)
    if isinstance(error, AuthenticationError):
        return InboxStoreError(ANSWERS[WRONGPASS])
    if isinstance(error, ResponseError):
        return InboxStoreError(OTHER)
    return InboxStoreError(NO_REDIS if isinstance(error, InvalidResponse) else _absence(error, tls))


def code_of(error: Exception) -> str | None:
    """The code at the beginning of Redis' error reply, such as ``MISCONF``; None if there was no reply."""
    code = getattr(error, "status_code", None)
    if code is None and isinstance(error, ResponseError):
        code = str(error).partition(" ")[0]
    return code if isinstance(code, str) and _CODE.fullmatch(code) else None


def _absence(error: Exception, tls: bool) -> str:
    causes = list(_causes(error))

    def has(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    if has(ssl.SSLCertVerificationError):
        return NO_TRUST
    if has(ssl.SSLError):
        return NO_TLS
    if has(socket.gaierror):
        return NO_HOST
    if has(FileNotFoundError, PermissionError):
        return NO_SOCKET
    if has(ConnectionRefusedError):
        return NO_SERVER
    if has(TimeoutError, RedisTimeoutError):
        return SLOW_TLS if tls else SLOW
    if any(isinstance(cause, OSError) and not isinstance(cause, ConnectionResetError) for cause in causes):
        return NO_SERVER
    return NO_TLS if tls else CLOSED


def _reply_behind(error: Exception) -> Exception:
    """The server's reply behind an error: for failures on a new connection the library raises other errors."""
    answers = (cause for cause in _causes(error) if isinstance(cause, ResponseError | AuthenticationError))
    return next(answers, error)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(10):  # chains are short; a cyclic one would never end
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


def describe_error(error: Exception) -> str:
    """Describes an error for the log: its kind and the start of the server's text, without keys or values."""
    error = _reply_behind(error)
    text = _QUOTES.split(str(error), maxsplit=1)[0]
    words = "".join(sign if sign.isprintable() else " " for sign in text).strip(" :(,")[:_SAID_CHARS]
    name = code_of(error) or type(error).__name__
    return f"{name} {words.removeprefix(name).strip()}".strip()


class StoreTroubles:
    """The current trouble of each kind of work. It logs when trouble starts, every minute, and when it ends."""

    def __init__(self, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._elapsed = elapsed
        self._now: dict[str, str] = {}  # sentence by kind of work
        self._logged: dict[str, float] = {}  # time by sentence, which are few
        self._is_logged = False  # whether the current trouble was logged

    @property
    def current(self) -> str | None:
        """One current trouble; None: there is none."""
        return next(iter(self._now.values()), None)

    def report(self, work: str, error: InboxStoreError, server_said: str) -> None:
        """Notes that this kind of work was refused."""
        reason = str(error)
        self._now[work] = reason
        now = self._elapsed()
        if now - self._logged.get(reason, -LOG_INTERVAL_S) >= LOG_INTERVAL_S:
            self._logged[reason], self._is_logged = now, True
            _log.warning("the store cannot be used", work=work, reason=reason, said=server_said)

    def clear(self, work: str) -> None:
        """Notes that this kind of work succeeded. If one conference of many is still refused, the next refusal
        says so.
        """
        if self._now.pop(work, None) is not None and not self._now and self._is_logged:
            self._is_logged = False
            _log.info("the store can be used again", work=work)
