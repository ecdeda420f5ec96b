"""Runs the installed program as its users do: long-running processes, and commands against the same home.

Everything has a bound. What a process printed is kept in files beside its home, and `Program.log` gives the end of it.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import orjson

from gateway.kafka.config import KafkaConfig
from gateway.kafka.local.ports import choose_port
from gateway.kafka.local_broker import LocalBroker

PROGRAM = str(Path(sys.executable).with_name("gateway"))
READY_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 45.0  # the default deadline of a stop, and some
_COMMAND_TIMEOUT_S = 100.0
_POLL_S = 0.02
_SHOWN_LOG_BYTES = 6000

Seen = TypeVar("Seen")


class Program:
    """A process of the program, from its start to its end.

    Args:
        arguments: of the program.
        environment: of the process.
        output: where its files go, without a suffix.
    """

    def __init__(self, arguments: Sequence[str], environment: dict[str, str], output: Path) -> None:
        self.name = " ".join(arguments)
        self._stdout = output.with_suffix(".out")
        self._stderr = output.with_suffix(".log")
        with self._stdout.open("wb") as out, self._stderr.open("wb") as log:
            self._process = subprocess.Popen(
                [PROGRAM, *arguments], env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=log
            )

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    @property
    def output(self) -> str:
        """What it printed on standard output so far."""
        return self._stdout.read_text()

    @property
    def log(self) -> str:
        """The end of what it printed on standard error."""
        return self._stderr.read_bytes()[-_SHOWN_LOG_BYTES:].decode(errors="replace")

    @property
    def whole_log(self) -> str:
        """All that it printed on standard error."""
        return self._stderr.read_text(errors="replace")

    def await_ready(self) -> "Program":
        """Wait for its ready line."""
        deadline = time.monotonic() + READY_TIMEOUT_S
        while "ready" not in self.output:
            assert self.running, f"{self.name} ended with {self._process.returncode}:\n{self.log}"
            assert time.monotonic() < deadline, f"{self.name} is not ready:\n{self.log}"
            time.sleep(_POLL_S)
        return self

    def kill(self) -> None:
        """End it with SIGKILL, as a crash would."""
        self._process.kill()
        self._process.wait()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end, and give its exit code."""
        if self.running:
            self._process.send_signal(number)
        try:
            return self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} did not stop within {STOP_TIMEOUT_S} s:\n{self.log}") from None


class GatewayHome:
    """One deployment on this machine: its environment, its commands and its processes.

    Args:
        path: the home folder, where the local broker's files and the development key are found.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.environment = {
            **os.environ,
            "GATEWAY_HOME": str(path),
            "GATEWAY_ALLOW_INSECURE_ENDPOINTS": "true",
            "GATEWAY_LOG_LEVEL": "info",
        }
        self._programs: list[Program] = []

    @property
    def kafka(self) -> KafkaConfig:
        """How the home's broker, which has to run, is reached."""
        address = LocalBroker(self.path).status().bootstrap_servers
        assert address is not None
        return KafkaConfig(address, "tests")

    def start(self, *arguments: str, **settings: str) -> Program:
        """Start a process, with some more of the environment's settings; it need not be ready yet."""
        output = self.path / f"{'-'.join(arguments).replace('/', ' per ')}-{len(self._programs)}"
        program = Program(arguments, {**self.environment, **settings}, output)
        self._programs.append(program)
        return program

    def run(self, *arguments: str) -> str:
        """Run a command to its good end, and give its output."""
        done = subprocess.run(
            [PROGRAM, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=_COMMAND_TIMEOUT_S,
            check=False,
        )
        assert done.returncode == 0, f"gateway {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr}"
        return done.stdout

    def read(self, *arguments: str) -> list[dict[str, Any]]:
        """Run a command that prints JSON, and give its objects."""
        return [orjson.loads(line) for line in self.run(*arguments, "--json").splitlines()]

    def end_all(self) -> None:
        """End whatever still runs, and show the logs: pytest prints them when the test failed.

        In good order, so that the next test's processes don't wait for Kafka to find these dead.
        """
        for program in self._programs:
            program.stop()
            print(f"--- {program.name} ({program.pid})\n{program.log}")  # noqa: T201 - captured by pytest
        self._programs.clear()


async def until(condition: Callable[[], bool], timeout_s: float, wanted: Callable[[], object]) -> None:
    """Look until a condition holds; fail with what `wanted` tells when it does not in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not so after {timeout_s} s: {wanted()}"
        await asyncio.sleep(_POLL_S)


async def until_seen(look: Callable[[], Seen], is_wanted: Callable[[Seen], bool], timeout_s: float) -> Seen:
    """Look, in a thread, until what is seen is wanted, and give it; fail with what is seen last when it is not in time.

    For what takes its time, like reading a topic: endpoints of the test note on the event loop when a request comes.
    """
    deadline = time.monotonic() + timeout_s
    while not is_wanted(seen := await asyncio.to_thread(look)):
        assert time.monotonic() < deadline, f"after {timeout_s} s there is still {seen}"
        await asyncio.sleep(_POLL_S)
    return seen


@contextmanager
def home_with_broker(path: Path) -> Iterator[GatewayHome]:
    """Give a home with a broker that has the topics; in the end everything in it is ended."""
    broker = LocalBroker(path)
    broker.start(choose_port())
    made = GatewayHome(path)
    try:
        made.run("topics", "apply")
        yield made
    finally:
        made.end_all()
        broker.stop()
