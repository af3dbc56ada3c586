"""Speak HTTP byte by byte, as clients do that are slow, broken or hostile."""

import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, Self

import orjson

_PATIENCE_SECONDS: Final = 60
_PAUSE_SECONDS: Final = 0.5
HEAD: Final = b"Host: clinic.example\r\nConnection: close\r\n"


def call(address: tuple[str, int]) -> socket.socket:
    """Open a connection."""
    return socket.create_connection(address, timeout=_PATIENCE_SECONDS)


def heard(client: socket.socket) -> bytes:
    """Read until the server closes, or breaks off."""
    parts = []
    with suppress(ConnectionResetError):
        while part := client.recv(65536):
            parts.append(part)
    return b"".join(parts)


def asked(address: tuple[str, int], *sent: bytes, ends: bool = False) -> bytes:
    """Send the parts, end the sending side if the client `ends`, and give what the server answers."""
    with call(address) as client:
        for part in sent:
            client.sendall(part)
        if ends:
            client.shutdown(socket.SHUT_WR)
        return heard(client)


def problem(answer: bytes) -> tuple[int, str]:
    """Give the status and the code of an answer, which must be a problem with the id of its request."""
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
    read = orjson.loads(body)
    assert headers["content-type"] == "application/problem+json"
    assert headers["x-request-id"] == read["request_id"] != ""
    return int(lines[0].split()[1]), read["code"]


def kinds(key: str) -> Mapping[str, bytes]:
    """Give, by kind of slow client, what it sends at once."""
    head = b"Host: clinic.example\r\nAuthorization: Bearer " + key.encode() + b"\r\n"
    post = b"POST /v1/patients HTTP/1.1\r\n" + head + b"Content-Type: application/json\r\n"
    return {
        "silent": b"",
        "half a line": b"GET /heal",
        "half the headers": b"GET /healthz HTTP/1.1\r\n" + head,
        "no body": post + b"Content-Length: 100\r\n\r\n",
        "a byte at a time": post + b"Content-Length: 100000\r\n\r\n",
        "a chunk at a time": post + b"Transfer-Encoding: chunked\r\n\r\n",
        "idle": b"GET /healthz HTTP/1.1\r\n" + head + b"\r\n",
        "reads nothing": (b"GET /openapi.json HTTP/1.1\r\n" + head + b"\r\n") * 8,
    }


_DRIPS: Final[Mapping[str, bytes]] = {"a byte at a time": b" ", "a chunk at a time": b"1\r\n \r\n"}
_DEAF: Final = "reads nothing"


class SlowClients:
    """Many clients of every kind, who come back whenever the server sends them away."""

    def __init__(self, address: tuple[str, int], key: str, count: int) -> None:
        self._address, self._kinds = address, kinds(key)
        self._clients = [(kind, self._come(kind)) for kind in self._kinds for _ in range(count)]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._linger)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        for _, client in self._clients:
            client.close()

    def _come(self, kind: str) -> socket.socket:
        client = socket.socket()
        if kind == _DEAF:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.settimeout(_PATIENCE_SECONDS)
        client.connect(self._address)
        client.sendall(self._kinds[kind])
        client.setblocking(False)
        return client

    def _linger(self) -> None:
        while not self._over.wait(_PAUSE_SECONDS):
            for place, (kind, client) in enumerate(self._clients):
                if self._is_gone(kind, client):
                    client.close()
                    self._clients[place] = (kind, self._come(kind))

    def _is_gone(self, kind: str, client: socket.socket) -> bool:
        """Send or read as the kind does, and tell whether the server has closed the connection."""
        try:
            client.sendall(_DRIPS.get(kind, b""))
            return not client.recv(10 if kind == _DEAF else 65536)
        except BlockingIOError:
            return False
        except OSError:
            return True


def probe_for(address: tuple[str, int], seconds: float) -> int:
    """Ask for the server's health again and again; insist on each answer, and give their number."""
    end, probes = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        assert asked(address, b"GET /healthz HTTP/1.1\r\n" + HEAD + b"\r\n").startswith(b"HTTP/1.1 200 ")
        probes += 1
        time.sleep(0.02)
    return probes
