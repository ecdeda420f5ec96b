"""The receiver as the benchmark sees it: a process of its own with some endpoints, told what to do over a socket."""

import socket
import subprocess
import sys
import tempfile
from array import array
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from gateway.domain.errors import GatewayError
from gateway.domain.secret import SigningSecret
from gateway.kafka.local.ports import LOOPBACK, choose_port
from gateway.services.bench.http_endpoint import Arrivals

_ANSWER_TIMEOUT_S = 20.0
_STOP_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Counts:
    """What the receiver has counted since the run began.

    Attributes:
        at_ns: when, nanoseconds since the epoch.
        arrived: requests at each endpoint.
        unanswered: requests read and not answered yet.
        strays: requests of other runs.
        verified: signatures that were checked and are right.
        rejected: signatures that were checked and are wrong.
    """

    at_ns: int
    arrived: list[int]
    unanswered: int
    strays: int
    verified: int
    rejected: int

    @property
    def total(self) -> int:
        """Requests at all endpoints."""
        return sum(self.arrived)


class Endpoints:
    """Starts the receiver's process, as a context manager.

    Args:
        count: how many endpoints, each at a port of its own.
        log_file: where the process's complaints go.
    """

    def __init__(self, count: int, log_file: Path) -> None:
        self._ports = _free_ports(count)
        self._log_file = log_file
        self._process: subprocess.Popen[bytes]
        self._control: socket.socket
        self._folder = tempfile.TemporaryDirectory(prefix="arrivals-")

    def __enter__(self) -> Self:
        self._control, theirs = socket.socketpair()
        self._control.settimeout(_ANSWER_TIMEOUT_S)
        self._lines = self._control.makefile("rb")
        command = [sys.executable, "-m", "gateway.services.bench.endpoint_server", *map(str, self._ports)]
        with theirs, self._log_file.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                command, stdin=theirs.fileno(), stdout=log, stderr=log, start_new_session=True
            )
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._lines.close()
        self._control.close()
        try:
            self._process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()

    @property
    def pid(self) -> int:
        """The receiver's process."""
        return self._process.pid

    def url(self, endpoint: int) -> str:
        """Where an endpoint is reached."""
        return f"http://{LOOPBACK}:{self._ports[endpoint]}/hooks"

    def begin(self, prefix: str, secret: SigningSecret) -> None:
        """Begin a run: count only events whose id begins with `prefix`; check signatures with `secret`."""
        self._ask(do="begin", prefix=prefix, secret=secret.text)

    def answer(self, endpoint: int, *, delay_s: float | None = 0.0) -> None:
        """Have an endpoint answer after `delay_s` seconds, or never; its present connections are broken off."""
        self._ask(do="answer", endpoint=endpoint, delay_s=delay_s)

    def refuse(self, endpoint: int) -> None:
        """Have an endpoint refuse connections."""
        self._ask(do="refuse", endpoint=endpoint)

    def count(self) -> Counts:
        """Ask what has arrived."""
        return self._ask(do="count")

    def arrivals(self) -> list[Arrivals]:
        """Fetch what has arrived at each endpoint."""
        self._ask(do="save", folder=self._folder.name)
        return [
            Arrivals(self._column(f"{index}.numbers"), self._column(f"{index}.times"))
            for index in range(len(self._ports))
        ]

    def _column(self, name: str) -> "array[int]":
        column = array("q")
        column.frombytes((Path(self._folder.name) / name).read_bytes())
        return column

    def _ask(self, **command: Any) -> Counts:  # noqa: ANN401 - what JSON can say
        try:
            self._control.sendall(orjson.dumps(command) + b"\n")
            line = self._lines.readline()
        except OSError as error:
            raise GatewayError(f"the benchmark's receiver does not answer: {error}") from error
        if not line:
            raise GatewayError("the benchmark's receiver ended by itself", hint=f"its log is {self._log_file}")
        return Counts(**orjson.loads(line))


def _free_ports(count: int) -> list[int]:
    ports: set[int] = set()
    while len(ports) < count:
        ports.add(choose_port())
    return sorted(ports)
