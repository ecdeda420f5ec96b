"""The image, and containers that are gone after the test."""

import shutil
import subprocess
from collections.abc import Callable, Iterator

import pytest

from tests.image.containers import DOCKER, IMAGE, Container, docker


@pytest.fixture(scope="session", autouse=True)
def _image() -> None:
    """Skip where there is no engine; a missing image is a fault, because `make image` makes it."""
    if shutil.which(DOCKER) is None or subprocess.run([DOCKER, "info"], capture_output=True, check=False).returncode:
        pytest.skip("no Docker engine answers")
    docker("image", "inspect", IMAGE)


@pytest.fixture
def start() -> Iterator[Callable[..., Container]]:
    """Start containers: `start("stream", options=("--network=host",))`."""
    started: list[Container] = []

    def make(*command: str, options: tuple[str, ...] = ()) -> Container:
        container = Container(*command, options=options)
        started.append(container)
        return container

    yield make
    for container in started:
        container.remove()
