"""The container engine, where there is one: projects of the Compose file, started and removed by pytest-docker.

An engine is used as it is found, by `docker` and its settings (`DOCKER_HOST`, contexts); nothing here starts one.
"""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pytest_docker.plugin import DockerComposeExecutor, get_docker_services

from gateway.kafka.local.ports import choose_port

COMPOSE_FILE = Path(__file__).resolve().parents[1] / "docker-compose.yml"
_COMPOSE = "docker compose"
_REMOVE = ["--profile '*' down --volumes --timeout 60"]
_KAFKA = "kafka"
_ANSWER_S = 60.0
_POLL_S = 0.2


@cache
def why_no_engine() -> str | None:
    """Tell why no container can be run here; None where one can."""
    for command, missing in (("version", "no container engine answers"), ("compose version", "docker has no compose")):
        try:
            _docker(*command.split())
        except (OSError, subprocess.SubprocessError):
            return missing
    return None


def has_image(name: str) -> bool:
    """Tell whether the engine has an image, so that nothing would have to be pulled."""
    try:
        _docker("image", "inspect", name)
    except subprocess.CalledProcessError:
        return False
    return True


def run_once(image: str, program: str, *arguments: str, given: str = "") -> str:
    """Run a program of an image to its good end, without a network, and give what it printed.

    Args:
        image: the image's name.
        program: what is run.
        arguments: its arguments.
        given: its standard input.
    """
    return _docker(
        "run", "--rm", "--interactive", "--network=none", f"--entrypoint={program}", image, *arguments, given=given
    )


def _docker(*arguments: str, given: str = "") -> str:
    command = ["docker", *arguments]
    try:
        done = subprocess.run(command, input=given, check=True, capture_output=True, text=True, timeout=_ANSWER_S)
    except subprocess.CalledProcessError as error:
        error.add_note(error.stderr)
        raise
    return done.stdout


class Project:
    """A running project of the Compose file."""

    def __init__(self, name: str) -> None:
        self._executor = DockerComposeExecutor(_COMPOSE, str(COMPOSE_FILE), name)

    def start(self, command: str) -> None:
        """Run the command that starts it; where it fails, what Compose said is in the error."""
        self._executor.execute(command)

    def compose(self, command: str) -> str:
        """Run a command of Compose, and give its standard output; pytest-docker raises where it fails."""
        printed: bytes = self._executor.execute(command, ignore_stderr=True)
        return printed.decode()

    def image(self, service: str) -> str:
        """Give the name of a service's image."""
        services = json.loads(self.compose("--profile '*' config --format json"))["services"]
        return str(services[service]["image"])

    def containers(self, service: str) -> list[str]:
        """List the ids of a service's containers, those that have ended, too."""
        return self.compose(f"ps --all --quiet {service}").split()

    def state(self, container: str) -> Mapping[str, Any]:
        """Give what the engine knows of a container's process: `Status`, `Pid`, `ExitCode`, `Health`."""
        [inspected] = json.loads(_docker("inspect", container))
        state: dict[str, Any] = inspected["State"]
        return state

    def is_healthy(self, container: str) -> bool:
        """Tell whether a container runs, and its health check says so."""
        return str(self.state(container).get("Health", {}).get("Status")) == "healthy"

    def kill(self, container: str, image: str) -> None:
        """End a container's process as a crash would.

        Not `docker kill`: after that the engine takes the container for stopped on purpose and starts it no more.

        Args:
            container: its id.
            image: any image with a shell; the signal comes from a container of it, on the engine's own machine.
        """
        pid = self.state(container)["Pid"]
        host = ("--rm", "--pid=host", "--user=0", "--network=none", "--entrypoint=sh")
        _docker("run", *host, image, "-c", f"kill -9 {pid}")


@contextmanager
def running(name: str, start: str, **environment: str) -> Iterator[Project]:
    """Run a project of the Compose file, and remove it with its volumes in the end, also where it does not start.

    Args:
        name: the project's.
        start: the command of Compose that starts it.
        environment: what the file is filled in with.
    """
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in environment.items():
            patch.setenv(variable, value)
        with get_docker_services(_COMPOSE, str(COMPOSE_FILE), name, [], _REMOVE):
            project = Project(name)
            project.start(start)
            yield project


def runs_on_compose(chosen: str) -> bool:
    """Tell where the tests' Kafka is to run.

    Args:
        chosen: `local` never asks for an engine; `compose` fails where there is none; `auto` takes it where it answers
            and has the image, so that no test waits for a network.
    """
    match chosen:
        case "local":
            return False
        case "auto":
            return why_no_engine() is None and has_image(Project("tests").image(_KAFKA))
        case _:
            missing = why_no_engine()
            if missing is not None:
                pytest.fail(missing, pytrace=False)
            return True


@contextmanager
def compose_broker() -> Iterator[str]:
    """Run the broker of the Compose file alone, in a project of its own, and give its address."""
    port = choose_port()
    with running(f"gateway-kafka-{os.getpid()}", f"up --detach --wait {_KAFKA}", KAFKA_PORT=str(port)):
        yield f"127.0.0.1:{port}"


def until(condition: Callable[[], bool], timeout_s: float, wanted: Callable[[], object]) -> None:
    """Look until a condition holds; fail with what `wanted` tells when it does not in time."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not so after {timeout_s} s: {wanted()}"
        time.sleep(_POLL_S)
