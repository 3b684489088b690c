"""A reverse proxy that has an application below a path, as an operator's does: it takes the path away, or leaves it.

Owns: its port, a thread for each connection. May never: let anything through that is not below the path.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

HEAD_BYTES = 32_768


@contextmanager
def below(path: str, port: int, *, strips: bool) -> Iterator[str]:
    """The address of a proxy to ``port`` of this machine; ``port`` may begin to answer later."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = _Proxy(path, port, strips)
        threading.Thread(target=proxy.serve, args=(listener,), daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}{path}"


class _Proxy:
    def __init__(self, path: str, port: int, strips: bool) -> None:
        self._path, self._port, self._strips = path.encode(), port, strips

    def serve(self, listener: socket.socket) -> None:
        with suppress(OSError):  # the listener is closed: the test is over
            while True:
                client, _ = listener.accept()
                threading.Thread(target=self._one, args=(client,), daemon=True).start()

    def _one(self, client: socket.socket) -> None:
        """One request, then the line ends."""
        with client, suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head and len(head) < HEAD_BYTES:
                part = client.recv(4_096)
                if not part:
                    return
                head += part
            line, _, rest = head.partition(b"\r\n")
            method, target, version = line.split(b" ")
            if target != self._path and not target.startswith((self._path + b"/", self._path + b"?")):
                client.sendall(b"HTTP/1.1 404 Not Found\r\ncontent-length: 12\r\nconnection: close\r\n\r\nanother site")
                return
            if self._strips:
                target = target[len(self._path) :] or b"/"
            with socket.create_connection(("127.0.0.1", self._port)) as server:
                said = b" ".join((method, target, version))
                server.sendall(said + b"\r\nconnection: close\r\nx-forwarded-for: 203.0.113.9\r\n" + _once(rest))
                up = threading.Thread(target=_pump, args=(client, server), daemon=True)
                up.start()
                _pump(server, client)


def _once(rest: bytes) -> bytes:
    head, _, body = rest.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
