"""The whole Compose file, run once for all tests of this folder; they are skipped where no engine answers."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.kafka.config import KafkaConfig
from gateway.kafka.local.ports import choose_port
from tests.container_engine import Project, running, until, why_no_engine

_PAGE = Path(__file__).resolve().parents[2] / "docs" / "operations.md"
_DEMO_S = 150.0


@dataclass(frozen=True, slots=True)
class Stack:
    """The running stack, and where this machine reaches it.

    Attributes:
        project: its containers.
        kafka: its broker.
        receiver: URL of the test receiver.
        prometheus: URL of Prometheus, once it is started.
        console: URL of the console.
        image: the gateway's.
    """

    project: Project
    kafka: KafkaConfig
    receiver: str
    prometheus: str
    console: str
    image: str


def documented(word: str) -> str:
    """Give the command of Compose that the page on operations begins with a word, as it stands there."""
    [found] = [line for line in _PAGE.read_text().splitlines() if line.startswith(f"docker compose {word} ")]
    return found.removeprefix("docker compose ")


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Run the stack with two processes of egress, and wait until its demo has published its events."""
    missing = why_no_engine()
    if missing is not None:
        pytest.skip(missing)
    kafka, receiver, prometheus, console = choose_port(), choose_port(), choose_port(), choose_port()
    ports = {
        "KAFKA_PORT": str(kafka),
        "RECEIVER_PORT": str(receiver),
        "PROMETHEUS_PORT": str(prometheus),
        "CONSOLE_PORT": str(console),
    }
    with running(f"gateway-test-{os.getpid()}", documented("up"), **ports) as project:
        [demo] = project.containers("demo")
        until(lambda: project.state(demo)["Status"] == "exited", _DEMO_S, lambda: project.compose("logs demo"))
        config = KafkaConfig(f"127.0.0.1:{kafka}", "tests")
        at = "http://127.0.0.1:"
        yield Stack(
            project,
            config,
            receiver=f"{at}{receiver}",
            prometheus=f"{at}{prometheus}",
            console=f"{at}{console}",
            image=project.image("stream"),
        )
        # pytest shows it when a test has failed.
        print(project.compose("logs --no-color --tail 40"))  # noqa: T201
