"""`gateway kafka` and `gateway topics` through the installed program, from an empty home to a stopped broker."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gateway.kafka.local.ports import choose_port

PROGRAM = Path(sys.executable).with_name("gateway")
NOT_RUNNING, CONFLICT, UNAVAILABLE, USAGE = 3, 4, 5, 2

pytestmark = pytest.mark.timeout(300, func_only=True)  # brokers are started


def gateway(home: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "GATEWAY_HOME": str(home), **variables}
    # Both streams are pipes: a broker that kept one of them open would let this wait for ever.
    return subprocess.run(
        [str(PROGRAM), *arguments], env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture(scope="module")
def home(new_broker_home: Callable[[], Path]) -> Iterator[Path]:
    """A home with a running broker, started by the program."""
    home = new_broker_home()
    started = gateway(home, "kafka", "start", "--port", str(choose_port()))
    assert started.returncode == 0, started.stderr
    yield home
    gateway(home, "kafka", "stop")


def test_start_tells_progress_on_stderr_and_the_state_on_stdout(home: Path) -> None:
    """A script can read standard output; a person sees what takes time. A second start says the same."""
    gateway(home, "kafka", "stop")

    started = gateway(home, "kafka", "start")
    again = gateway(home, "kafka", "start")

    assert "starting Kafka" in started.stderr
    assert started.stdout.startswith("running at 127.0.0.1:")
    assert (again.stdout, again.stderr) == (started.stdout, "")


def test_two_starts_at_once_give_one_broker(home: Path) -> None:
    """Both commands succeed and name the same process."""
    gateway(home, "kafka", "stop")

    with ThreadPoolExecutor() as pool:
        first, second = pool.map(lambda _: gateway(home, "kafka", "start"), range(2))

    assert (first.returncode, second.returncode) == (0, 0)
    assert first.stdout == second.stdout


def test_the_broker_holds_nothing_of_its_starter(home: Path) -> None:
    """A file descriptor that the caller handed to the command is closed when the command ends."""
    gateway(home, "kafka", "stop")
    reading, writing = os.pipe()

    subprocess.run(
        [str(PROGRAM), "kafka", "start"],
        env={**os.environ, "GATEWAY_HOME": str(home)},
        pass_fds=[writing],
        capture_output=True,
        timeout=120,
        check=True,
    )
    os.close(writing)

    assert os.read(reading, 1) == b""
    os.close(reading)


def test_status_is_a_health_check(home: Path, tmp_path: Path) -> None:
    """Exit code 0 with the address while it runs, 3 when not."""
    running = gateway(home, "kafka", "status", "--json")
    idle = gateway(tmp_path, "kafka", "status", "--json")

    assert running.returncode == 0
    assert json.loads(running.stdout)["bootstrap_servers"].startswith("127.0.0.1:")
    assert idle.returncode == NOT_RUNNING
    assert json.loads(idle.stdout)["running"] is False


def test_apply_creates_and_list_agrees(home: Path) -> None:
    """Apply creates the table's topics on the local broker, a second apply nothing; list finds all of them fit."""
    first = gateway(home, "topics", "apply", "--json")
    second = gateway(home, "topics", "apply")
    listed = gateway(home, "topics", "list", "--json")

    assert {json.loads(line)["state"] for line in first.stdout.splitlines()} == {"created"}
    assert second.stdout.startswith("0 topics created")
    topics = [json.loads(line) for line in listed.stdout.splitlines()]
    assert {topic["state"] for topic in topics} == {"ok"}
    assert {"events.order", "subscriptions", "deliveries", "deliveries.retry.24h", "deliveries.dlq"} <= {
        topic["name"] for topic in topics
    }


def test_topics_that_do_not_fit_are_refused(home: Path) -> None:
    """Other partitions than the topics have: exit code 4, one line a topic; list says misfit."""
    assert gateway(home, "topics", "apply").returncode == 0

    refused = gateway(home, "topics", "apply", GATEWAY_PARTITIONS="3")
    listed = gateway(home, "topics", "list", GATEWAY_PARTITIONS="3")

    assert refused.returncode == CONFLICT
    assert "deliveries: has 6 partitions, cleanup delete; needs 3 partitions, cleanup delete" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert "misfit: has 6 partitions" in listed.stdout


def test_without_kafka_the_error_says_what_to_do(tmp_path: Path) -> None:
    """No configured and no local broker: exit code 5 and both ways on."""
    failed = gateway(tmp_path, "topics", "list")

    assert failed.returncode == UNAVAILABLE
    assert "gateway kafka start" in failed.stderr
    assert "GATEWAY_BOOTSTRAP_SERVERS" in failed.stderr


def test_an_unreachable_cluster_is_named(tmp_path: Path) -> None:
    """The address stands in one clear line, without librdkafka's own."""
    address = f"127.0.0.1:{choose_port()}"

    failed = gateway(tmp_path, "topics", "apply", GATEWAY_BOOTSTRAP_SERVERS=address)

    assert failed.returncode == UNAVAILABLE
    assert failed.stderr.startswith(f"error: no Kafka broker answers at {address}\nhint: ")
    assert failed.stderr.count("\n") == 2


@pytest.mark.parametrize(
    "arguments", [("kafka", "start", "--port", "0"), ("kafka", "nonsense"), ("topics", "nonsense")]
)
def test_wrong_usage_is_exit_code_2(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """What click refuses is told without a stack trace."""
    failed = gateway(tmp_path, *arguments)

    assert failed.returncode == USAGE
    assert "Traceback" not in failed.stderr


@pytest.mark.parametrize("arguments", [("kafka",), ("kafka", "start"), ("topics",), ("topics", "apply")])
def test_help_shows_examples(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Each command's help ends with lines that can be copied."""
    shown = gateway(tmp_path, *arguments, "--help")

    assert shown.returncode == 0
    assert "Examples:" in shown.stdout
