"""Real servers on loopback that send exact bytes, and a watch on all connections."""

import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

Talk = Callable[[socket.socket, bytes], None]
TLS = b"\x16\x03"
CERTIFICATE = Path(__file__).parent / "self-signed.pem"

_attempts: list[str] = []
_watching = threading.Event()


def _watch(event: str, args: tuple[object, ...]) -> None:
    """Note every address that is connected to, and let no connection leave this machine."""
    if event == "socket.connect" and _watching.is_set() and isinstance(args[1], tuple):
        address = str(args[1][0])
        _attempts.append(address)
        if not address.startswith("127.") and address != "::1":
            raise ConnectionRefusedError(address)


sys.addaudithook(_watch)


@contextmanager
def connections() -> Iterator[list[str]]:
    """Collect the addresses that are connected to while the block runs."""
    _attempts.clear()
    _watching.set()
    try:
        yield _attempts
    finally:
        _watching.clear()


class Server:
    """A server that hands each connection with the request's head and body to `talk`, then closes it."""

    def __init__(self, talk: Talk, *, host: str = "127.0.0.1", port: int = 0, tls: bool = False) -> None:
        self.talk, self.requests, self.accepted, self.ended = talk, list[bytes](), 0, 0
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listening = socket.create_server((host, port), family=family, backlog=64)
        self.port: int = self._listening.getsockname()[1]
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if tls else None
        if self._context:
            self._context.load_cert_chain(CERTIFICATE)
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, path: str = "/", *, scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.port}{path}"

    def close(self) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self.accepted += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection as plain:
            plain.settimeout(10)
            talking = self._context.wrap_socket(plain, server_side=True) if self._context else plain
            with talking:
                request = _request(talking)
                self.requests.append(request)
                self.talk(talking, request)
        self.ended += 1


def _request(connection: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head and not head.startswith(TLS) and (more := connection.recv(65_536)):
        head += more
    head, _, body = head.partition(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    while len(body) < length and (more := connection.recv(65_536)):
        body += more
    return head + b"\r\n\r\n" + body


def says(answer: bytes) -> Talk:
    """Send these bytes to every request."""
    return lambda connection, _request: connection.sendall(answer)


def ok(body: bytes = b"ok", *headers: bytes, status: bytes = b"200 OK") -> bytes:
    """Make a whole answer."""
    length = b"Content-Length: %d" % len(body)
    return b"\r\n".join([b"HTTP/1.1 " + status, length, *headers, b"", body])


def redirect(place: str, status: int = 302) -> bytes:
    """Make a redirect with less body than announced, so that a client that reads it waits."""
    rest = "Set-Cookie: a=b; Path=/\r\nContent-Length: 9999\r\n\r\n"
    return f"HTTP/1.1 {status} Elsewhere\r\nLocation: {place}\r\n{rest}".encode()


def drips(start: bytes, drop: bytes) -> Talk:
    """Send the start at once, then a drop every 20 ms, until the client leaves or ten seconds are over."""

    def talk(connection: socket.socket, _request: bytes) -> None:
        connection.sendall(start)
        ends = time.monotonic() + 10
        while time.monotonic() < ends:
            connection.sendall(drop)
            time.sleep(0.02)

    return talk


def hangs(connection: socket.socket, _request: bytes) -> None:
    """Send nothing until the client leaves."""
    connection.recv(1)
