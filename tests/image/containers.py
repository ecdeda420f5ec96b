"""Containers of the project's image, with as few rights as its pages promise to need."""

import json
import shutil
import subprocess
import time
from typing import Any

from gateway import __version__

IMAGE = f"webhook-gateway:{__version__}"
# Nothing of the image can be written, and there is no place beside it, either.
CONFINED = ("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges")
DOCKER = shutil.which("docker") or "docker"
_TIMEOUT_S = 120
_HEALTHY_S = 90
_POLL_S = 0.2


def docker(*arguments: str) -> str:
    """Run Docker's command line, and give what it prints."""
    done = subprocess.run([DOCKER, *arguments], capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    assert done.returncode == 0, f"docker {' '.join(arguments)}: {done.stderr or done.stdout}"
    return done.stdout


def inspect(name: str, path: str) -> Any:
    """Give a part of what the engine knows of an image or a container: `inspect(IMAGE, ".Size")`."""
    return json.loads(docker("inspect", "--format", f"{{{{json {path}}}}}", name))


def run(*command: str, options: tuple[str, ...] = ()) -> str:
    """Run a command of the image without any network, and give what it prints."""
    return docker("run", "--rm", "--network=none", *CONFINED, *options, IMAGE, *command)


def run_python(code: str) -> Any:
    """Run Python in the image, and give the JSON that it prints."""
    return json.loads(run("-c", code, options=("--entrypoint=python",)))


class Container:
    """A container that runs until it is stopped.

    Args:
        command: of the gateway.
        options: of `docker run`.
    """

    def __init__(self, *command: str, options: tuple[str, ...]) -> None:
        self._id = docker(
            "run", "--detach", "--health-interval=1s", "--health-timeout=30s", *CONFINED, *options, IMAGE, *command
        ).strip()

    def inspect(self, path: str) -> Any:
        """Give a part of what the engine knows of it."""
        return inspect(self._id, path)

    def exec(self, *command: str) -> str:
        """Run a command inside."""
        return docker("exec", self._id, *command)

    def until_healthy(self) -> None:
        """Wait until the health check of the image says so."""
        deadline = time.monotonic() + _HEALTHY_S
        while (health := self.inspect(".State.Health"))["Status"] != "healthy":
            assert self.inspect(".State.Running"), self.log()
            assert time.monotonic() < deadline, f"{health}\n{self.log()}"
            time.sleep(_POLL_S)

    def wait(self) -> int:
        """Wait until it has ended by itself, and give the exit code."""
        return int(docker("wait", self._id))

    def stop(self) -> int:
        """Stop it as an orchestrator does, and give the exit code; 137 means that it had to be killed."""
        docker("stop", "--time=30", self._id)
        return int(self.inspect(".State.ExitCode"))

    def log(self) -> str:
        """Give what it has written."""
        command = [DOCKER, "logs", self._id]
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=_TIMEOUT_S, check=True
        )
        return done.stdout

    def remove(self) -> None:
        """Leave nothing behind."""
        docker("rm", "--force", "--volumes", self._id)
