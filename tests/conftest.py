"""The one place where the tests' Kafka is chosen, and the fixtures that every test of it shares.

`make test` runs the files in several processes, each of which has a session, and so these brokers, of its own.
"""

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from uuid import uuid4

import pytest
import structlog
from confluent_kafka.admin import AdminClient, NewTopic
from hypothesis import HealthCheck, settings

from gateway.domain.topics import TopicLayout
from gateway.kafka.acls import Role
from gateway.kafka.config import KafkaConfig
from gateway.kafka.local.jars import install_jars
from gateway.kafka.local.ports import LOOPBACK, choose_port
from gateway.kafka.local.state import exclusive
from gateway.kafka.local_broker import DEFAULT_PORT, BrokerStatus, LocalBroker
from gateway.kafka.topic_admin import apply_topics
from gateway.settings import ENV_PREFIX
from tests.container_engine import compose_broker, runs_on_compose
from tests.last_will import last_will
from tests.postgres import PostgresServer, postgres_server
from tests.secure.broker import SecureBroker, secure_broker

_TESTS = Path(__file__).resolve().parent
# Shared with `gateway kafka start` in the checkout: the jars are fetched once.
_LIBS = _TESTS.parent / ".gateway" / "kafka" / "libs"
_DOMAINS = ("customer", "invoice", "order")
_MARKERS = {"integration": "kafka", "e2e": "e2e"}
_FETCHING_S = 660.0  # more than Maven is given
# A dozen commands, each of which a busy machine starts in some seconds, or a broker or two.
_ONE_TEST_S = 150.0

# How long an example takes says nothing where three processes and a build of the image share two processors.
settings.register_profile("busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy machine")

# As every command does: a line of the log that comes a minute late is not what the next test's command has printed.
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.__stderr__))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let whoever runs the tests say where their Kafka runs; see `runs_on_compose`."""
    parser.addoption(
        "--kafka",
        choices=("auto", "compose", "local"),
        default="auto",
        help="where the tests' broker runs; auto: on the Compose file where an engine has the image, else locally",
    )


def pytest_configure() -> None:
    """Have SIGINT end the programs that tests start: what a shell script starts with `&` ignores it, and all below."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark each test by the folder it is in, and put the files in the order in which they are begun.

    The quick folders come first, so that a simple fault shows early; in a folder the files with the longest time-outs,
    so that the processes which run them end together.
    """
    for item in items:
        marker = _MARKERS.get(_folder(item))
        if marker is None:
            continue
        item.add_marker(marker)
        # The broker's start, which may fetch Kafka first, has bounds of its own and is not the first test's fault.
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(_ONE_TEST_S, func_only=True))
    folders = [Path(path).name for path in config.getini("testpaths")]
    folders += sorted({_folder(item) for item in items} - set(folders))  # those that are tested apart
    longest: dict[Path, float] = {}
    for item in items:
        bound = item.get_closest_marker("timeout")
        longest[item.path] = max(longest.get(item.path, 0.0), bound.args[0] if bound else 0.0)
    items.sort(key=lambda item: (folders.index(_folder(item)), -longest[item.path], item.path))


def pytest_keyboard_interrupt() -> None:
    """Let a process of several stop its brokers after Ctrl-C: xdist interrupts it again five seconds later."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _folder(item: pytest.Item) -> str:
    return item.path.relative_to(_TESTS).parts[0]


@pytest.fixture(scope="session", autouse=True)
def _no_ambient_settings() -> Iterator[None]:
    """Keep the developer's own `GATEWAY_*` variables out of every test, and out of the programs that tests start."""
    with pytest.MonkeyPatch.context() as environment:
        for name in [name for name in os.environ if name.startswith(ENV_PREFIX)]:
            environment.delenv(name)
        yield


@pytest.fixture(scope="session")
def libs() -> Path:
    """Give the folder with Kafka's jars, fetched: two Mavens at once would write into one repository."""
    _LIBS.mkdir(parents=True, exist_ok=True)
    with exclusive(_LIBS / "lock", _FETCHING_S):
        install_jars(_LIBS, lambda _: None)
    return _LIBS


@pytest.fixture(scope="session")
def _default_port_is_taken() -> Iterator[None]:
    """Have brokers that may choose take any port: two that start at once would both find the default one free."""
    with ExitStack() as held:
        with suppress(OSError):  # somebody else has it
            held.enter_context(socket.create_server((LOOPBACK, DEFAULT_PORT)))
        yield


@pytest.fixture(scope="session")
def new_broker_home(
    tmp_path_factory: pytest.TempPathFactory,
    libs: Path,
    _default_port_is_taken: None,
) -> Iterator[Callable[[], Path]]:
    """Make home folders for brokers of their own that share the jars; none of them outlives the tests."""
    program = str(Path(sys.executable).with_name("gateway"))
    with ExitStack() as wills:

        def make() -> Path:
            home = tmp_path_factory.mktemp("home")
            (home / "kafka").mkdir()
            (home / "kafka" / "libs").symlink_to(libs)
            wills.enter_context(last_will([program, "kafka", "stop"], {**os.environ, "GATEWAY_HOME": str(home)}))
            return home

        yield make


@pytest.fixture(scope="session")
def broker(new_broker_home: Callable[[], Path]) -> Iterator[BrokerStatus]:
    """Run a broker for the whole session; tests keep apart by tenants, ids and topics of their own."""
    local = LocalBroker(new_broker_home())
    yield local.start(choose_port())
    local.stop()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Run a PostgreSQL for the whole session; tests keep apart by databases of their own."""
    with postgres_server() as running:
        yield running


@pytest.fixture(scope="session")
def secure(tmp_path_factory: pytest.TempPathFactory, libs: Path) -> Iterator[SecureBroker]:
    """Run a broker that controls access; each role of the table is a user, and allowed nothing yet."""
    with secure_broker(tmp_path_factory.mktemp("secure"), libs, [role.value for role in Role]) as running:
        yield running


@pytest.fixture(scope="session")
def kafka(request: pytest.FixtureRequest) -> Iterator[KafkaConfig]:
    """Give the session's cluster: the Compose file's broker or a local one, as `--kafka` says."""
    with ExitStack() as started:
        if runs_on_compose(request.config.getoption("--kafka")):
            address = started.enter_context(compose_broker())
        else:
            address = request.getfixturevalue("broker").bootstrap_servers
        yield KafkaConfig(address, client_id="tests")


@pytest.fixture(scope="session")
def topics(kafka: KafkaConfig) -> TopicLayout:
    """Create the gateway's topics, once, and give their layout."""
    layout = TopicLayout(_DOMAINS)
    apply_topics(kafka, layout.specs(), replication_factor=1)
    return layout


@pytest.fixture
def new_topic(kafka: KafkaConfig) -> Callable[..., str]:
    """Create topics with names of their own: `new_topic(partitions=1, **topic_config)` gives the name."""
    admin = AdminClient(kafka.common())

    def create(partitions: int = 1, **config: str) -> str:
        name = f"test-{uuid4().hex[:12]}"
        properties = {key.replace("_", "."): value for key, value in config.items()}
        topic = NewTopic(name, num_partitions=partitions, replication_factor=1, config=properties)
        admin.create_topics([topic], operation_timeout=10)[name].result(10)
        return name

    return create
