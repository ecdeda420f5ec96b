"""The local broker: a single-node Kafka for development and tests, with no container and no installation.

It promises that a started broker answers, that a restart keeps its data, and that it signals only a process that is
its own. All of it lives in `<home>/kafka`; it listens on the loopback address only. It is not for production.
"""

from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from gateway.domain.errors import ConflictError, UnavailableError
from gateway.kafka.config import QUIET
from gateway.kafka.errors import is_unreachable
from gateway.kafka.local.folder import BrokerFolder
from gateway.kafka.local.jars import kafka_version
from gateway.kafka.local.launch import launch
from gateway.kafka.local.ports import LOOPBACK, choose_port, is_free
from gateway.kafka.local.process import is_running, terminate, wait_until
from gateway.kafka.local.state import BrokerState, exclusive, read_state, write_state

DEFAULT_PORT = 9092
STOP_TIMEOUT_S = 30.0

_LOCK_TIMEOUT_S = 660.0  # the other command may be waiting for Maven
_START_TIMEOUT_S = 60.0
_ANSWER_TIMEOUT_S = 1.0
_SHOWN_LOG_LINES = 15
_STACK_FRAME = "\tat "  # a Java trace would push its own message out of the lines that are shown


@dataclass(frozen=True, slots=True)
class BrokerStatus:
    """What there is of the local broker.

    Attributes:
        running: whether its process runs.
        pid: its process, or None.
        bootstrap_servers: `host:port` where it is reached, or None while it does not run.
        version: of Kafka.
        data_dir: where its records lie.
        log_file: what it printed since its last start.
    """

    running: bool
    pid: int | None
    bootstrap_servers: str | None
    version: str
    data_dir: Path
    log_file: Path


class LocalBroker:
    """The broker of one home folder. Any number of processes may hold one for the same home."""

    def __init__(self, home: Path) -> None:
        self._folder = BrokerFolder(home.resolve() / "kafka")

    def status(self) -> BrokerStatus:
        """Look whether the broker runs."""
        running = self._running()
        return BrokerStatus(
            running=running is not None,
            pid=running.pid if running else None,
            bootstrap_servers=_address(running) if running else None,
            version=kafka_version(),
            data_dir=self._folder.data,
            log_file=self._folder.log_file,
        )

    def start(
        self,
        port: int | None = None,
        progress: Callable[[str], None] = lambda _: None,
        *,
        for_load: bool = False,
    ) -> BrokerStatus:
        """Start the broker unless it runs, and return when it answers.

        Args:
            port: where to listen; None for the port it had before, else 9092, else a free one.
            progress: told each step that takes time.
            for_load: compile for speed under load rather than for a quick start; of no effect where it runs already.

        Raises:
            UnavailableError: Java, Maven or the port is not to be had, or the broker does not come up; the message
                then ends with its last log lines.
            ConflictError: it runs already, on another port.
        """
        self._folder.root.mkdir(parents=True, exist_ok=True)
        with self._exclusive():
            state = self._running()
            if state is None:
                state = _choose_ports(port, read_state(self._folder.state_file))
                pid = launch(self._folder, state.port, state.controller_port, progress, for_load=for_load)
                state = replace(state, pid=pid)
                write_state(self._folder.state_file, state)
            elif port not in {None, state.port}:
                raise ConflictError(
                    f"the local broker runs already, on port {state.port}", hint="stop it first: gateway kafka stop"
                )
            self._await_answer(state)
        return self.status()

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> BrokerStatus:
        """End the broker if it runs, in good order; with SIGKILL when it is still there after `timeout_s`."""
        if self._folder.root.is_dir():
            with self._exclusive():
                state = self._running()
                if state is not None and state.pid is not None:
                    terminate(state.pid, self._mark, timeout_s)
                    write_state(self._folder.state_file, replace(state, pid=None))
        return self.status()

    @property
    def _mark(self) -> str:
        return str(self._folder.properties_file)

    def _running(self) -> BrokerState | None:
        state = read_state(self._folder.state_file)
        if state is None or state.pid is None or not is_running(state.pid, self._mark):
            return None
        return state

    def _await_answer(self, state: BrokerState) -> None:
        admin = AdminClient({"bootstrap.servers": _address(state), **QUIET})
        answered = wait_until(lambda: self._running() is None or _answers(admin), _START_TIMEOUT_S)
        if self._running() is None:
            raise UnavailableError(f"the local broker ended while it started{self._last_lines()}")
        if not answered:
            raise UnavailableError(
                f"the local broker has not answered for {_START_TIMEOUT_S:.0f} s{self._last_lines()}",
                hint="it goes on starting; wait with `gateway kafka start`, or give it up with `gateway kafka stop`",
            )

    def _last_lines(self) -> str:
        with self._folder.log_file.open(errors="replace") as log:
            lines = deque((line for line in log if not line.startswith(_STACK_FRAME)), maxlen=_SHOWN_LOG_LINES)
        return f"; the end of {self._folder.log_file}:\n" + "".join(lines).rstrip()

    def _exclusive(self) -> AbstractContextManager[None]:
        return exclusive(self._folder.lock_file, _LOCK_TIMEOUT_S)


def _address(state: BrokerState) -> str:
    return f"{LOOPBACK}:{state.port}"


def _answers(admin: AdminClient) -> bool:
    try:
        return bool(admin.list_topics(timeout=_ANSWER_TIMEOUT_S).brokers)
    except KafkaException as error:
        if is_unreachable(error):
            return False
        raise


def _choose_ports(port: int | None, previous: BrokerState | None) -> BrokerState:
    if port is not None and not is_free(port):
        raise UnavailableError(f"port {port} is in use", hint="leave --port out to have a free one picked")
    wanted = port or choose_port(*([previous.port] if previous else []), DEFAULT_PORT)
    controller_port = choose_port(*([previous.controller_port] if previous else []), avoid=wanted)
    return BrokerState(pid=None, port=wanted, controller_port=controller_port)
