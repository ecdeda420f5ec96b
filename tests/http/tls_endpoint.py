"""An endpoint that speaks TLS as OpenSSL does on a socket: where it refuses a client, it says why with an alert.

The servers of asyncio and uvloop close the connection instead, and drop the alert.
"""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
_TIMEOUT_S = 10


@dataclass
class TlsEndpoint:
    """A listening endpoint.

    Attributes:
        port: where it listens, on 127.0.0.1.
        clients: for each connection, the subject of the client's certificate, empty where it showed none.
        requests: the heads of the requests that came.
    """

    port: int
    clients: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its URL."""
        return f"https://127.0.0.1:{self.port}/"


@contextmanager
def tls_endpoint(tls: ssl.SSLContext) -> Iterator[TlsEndpoint]:
    """Listen on a free port; every request is answered with 200."""
    listening = socket.create_server(("127.0.0.1", 0))
    endpoint = TlsEndpoint(listening.getsockname()[1])
    threads = [threading.Thread(target=_accept, args=(listening, tls, endpoint))]
    threads[0].start()
    try:
        yield endpoint
    finally:
        # Wakes accept(), which closing alone does not.
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        threads[0].join(_TIMEOUT_S)


def _accept(listening: socket.socket, tls: ssl.SSLContext, endpoint: TlsEndpoint) -> None:
    serving: list[threading.Thread] = []
    with contextlib.suppress(OSError):
        while True:
            connection, _ = listening.accept()
            connection.settimeout(_TIMEOUT_S)
            serving.append(threading.Thread(target=_serve, args=(connection, tls, endpoint)))
            serving[-1].start()
    for thread in serving:
        thread.join(_TIMEOUT_S)


def _serve(connection: socket.socket, tls: ssl.SSLContext, endpoint: TlsEndpoint) -> None:
    with connection:
        try:
            secured = tls.wrap_socket(connection.dup(), server_side=True)
        except ssl.SSLError:
            # Read to the end, for a close with bytes unread is a reset, and may overtake the alert. A client that keeps
            # the connection open meanwhile is no fault of this end.
            with contextlib.suppress(TimeoutError):
                while connection.recv(4096):
                    pass
            return
        with secured, secured.makefile("rb") as reader, contextlib.suppress(OSError):
            endpoint.clients.append(_subject(secured))
            while head := _read_request(reader):
                endpoint.requests.append(head)
                secured.sendall(OK)


def _subject(secured: ssl.SSLSocket) -> str:
    shown: dict[str, Any] = secured.getpeercert() or {}
    return ", ".join(value for part in shown.get("subject", ()) for _, value in part)


def _read_request(reader: IO[bytes]) -> str:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = reader.readline()
        if not line:
            return ""
        head += line
    text = head.decode("latin-1")
    length = next(int(line[15:]) for line in text.split("\r\n") if line.lower().startswith("content-length:"))
    reader.read(length)
    return text
