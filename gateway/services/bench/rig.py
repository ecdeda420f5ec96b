"""What every scenario stands on: a broker in a temporary home, the topics, the receiver, and the gateway's processes.

Nothing of the user's is touched: the broker, its data and the keys live in a folder that is gone afterwards. Only
the jars of Kafka are shared with the user's home, so that they are fetched once.
"""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.domain.errors import GatewayError
from gateway.kafka.config import KafkaConfig
from gateway.kafka.local.ports import choose_port
from gateway.kafka.local_broker import LocalBroker
from gateway.kafka.topic_admin import apply_topics
from gateway.services.bench.endpoints import Endpoints
from gateway.services.bench.process_usage import Usage, usage_of
from gateway.services.bench.program import Program
from gateway.services.deployment import Deployment
from gateway.settings import Settings, load_settings

ENDPOINTS = 12
Say = Callable[[str], None]


@dataclass(slots=True)
class Gateway:
    """The processes of the gateway that run now."""

    start: Callable[[str], Program]
    stream: Program
    egress: list[Program] = field(default_factory=list)

    def add_egress(self) -> None:
        """Start one more egress process, and wait until it has partitions."""
        self.egress.append(self.start("egress"))
        self.egress[-1].await_ready()

    def remove_egress(self) -> None:
        """Stop the egress process that was started last."""
        self.egress.pop().stop()

    def restart(self, ended: Sequence[Program]) -> None:
        """Start processes anew that were killed, and wait until they are ready."""
        started = {program: self.start(program.command) for program in ended}
        self.stream = started.get(self.stream, self.stream)
        self.egress = [started.get(program, program) for program in self.egress]
        for program in started.values():
            program.await_ready()

    def check(self) -> None:
        """Make sure that all of them run; GatewayError where one does not."""
        for program in (self.stream, *self.egress):
            program.check()


class Rig:
    """Broker, topics and receiver, as a context manager.

    Args:
        say: told what is being done, for people.
    """

    def __init__(self, say: Say) -> None:
        self._say = say
        self._stack = ExitStack()
        self._started = 0
        self.endpoints: Endpoints
        self.settings: Settings
        self.deployment: Deployment
        self.kafka: KafkaConfig

    def __enter__(self) -> Self:
        try:
            self._set_up()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._stack.close()

    def _set_up(self) -> None:
        home = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="gateway-bench-")))
        _share_jars(load_settings().home, home)
        self.settings = load_settings(
            home=home,
            bootstrap_servers=None,
            catalog_dir=None,
            schema_registry_url=None,
            allow_insecure_endpoints=True,
        )
        self._broker = LocalBroker(home)
        self._stack.callback(self._broker.stop)
        self._broker.start(choose_port(), self._say, for_load=True)
        self.deployment = Deployment(self.settings)
        self.kafka = self.deployment.kafka("gateway-bench")
        # Made before the processes look for it, so that they don't both make one.
        self.deployment.key_ring()
        apply_topics(self.kafka, self.deployment.layout().specs(), replication_factor=1)
        self.endpoints = self._stack.enter_context(Endpoints(ENDPOINTS, home / "receiver.log"))

    @contextmanager
    def gateway(self, egress: int = 1) -> Iterator[Gateway]:
        """Run one stream and some egress processes: ready inside, stopped after it."""
        programs: list[Program] = []

        def start(command: str) -> Program:
            self._started += 1
            log_file = self.settings.home / f"{command}-{self._started}.log"
            programs.append(Program(command, self.settings, log_file))
            return programs[-1]

        try:
            gateway = Gateway(start, start("stream"), [start("egress") for _ in range(egress)])
            for program in programs:
                program.await_ready()
            yield gateway
        finally:
            for program in programs:
                program.ask_to_stop()
            for program in programs:
                program.stop()

    def usage(self, gateway: Gateway) -> dict[str, Usage]:
        """What each part has cost so far; all egress processes together are one part."""
        egress = [program.usage() for program in gateway.egress]
        return {
            "egress": Usage(
                sum(usage.cpu_s for usage in egress),
                max(usage.rss_mb for usage in egress),
                max(usage.peak_rss_mb for usage in egress),
            ),
            "stream": gateway.stream.usage(),
            "broker": usage_of(self._broker_pid()),
            "receiver": usage_of(self.endpoints.pid),
            "publisher": usage_of(os.getpid()),
        }

    def _broker_pid(self) -> int:
        pid = self._broker.status().pid
        if pid is None:
            raise GatewayError("the benchmark's broker ended by itself")
        return pid


def _share_jars(user_home: Path, home: Path) -> None:
    libs = user_home.resolve() / "kafka" / "libs"
    libs.mkdir(parents=True, exist_ok=True)
    (home / "kafka").mkdir()
    (home / "kafka" / "libs").symlink_to(libs)
