"""One `gateway stream`, `egress` or other command under measurement: a real process, in a session of its own."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from gateway.domain.errors import GatewayError
from gateway.services.bench.process_usage import Usage, usage_of
from gateway.settings import ENV_PREFIX, Settings

_READY_TIMEOUT_S = 90.0
_KILL_GRACE_S = 5.0
_SHOWN_LOG_LINES = 15
# The beginnings of those that would lead away from the benchmark's own deployment.
_NOT_INHERITED = tuple(
    ENV_PREFIX + name for name in ("BOOTSTRAP_SERVERS", "CATALOG_DIR", "PROBES_", "SCHEMA_REGISTRY_")
)


class Program:
    """A process from its start to its end.

    Args:
        command: `stream`, `egress` or another one.
        settings: the deployment's; other `GATEWAY_*` variables of the environment hold as well.
        log_file: where its log goes.
        arguments: what else is said to it.

    Attributes:
        command: what it runs.
        ready_after_s: how long it took from its start until it was ready, seconds; 0 before.
    """

    def __init__(self, command: str, settings: Settings, log_file: Path, arguments: Sequence[str] = ()) -> None:
        self.command = command
        self._log_file = log_file
        self._stop_timeout_s = settings.shutdown_deadline_s + _KILL_GRACE_S
        self._started_s = time.monotonic()
        self.ready_after_s = 0.0
        environment = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)}
        environment[f"{ENV_PREFIX}HOME"] = str(settings.home)
        environment[f"{ENV_PREFIX}ALLOW_INSECURE_ENDPOINTS"] = "true"
        with log_file.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-m", "gateway.cli.main", command, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
                # Ctrl-C reaches the benchmark only, which then stops its processes in order.
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def usage(self) -> Usage:
        """What it has cost so far.

        Raises:
            GatewayError: it has ended by itself.
        """
        self.check()
        return usage_of(self.pid)

    def check(self) -> None:
        """Make sure that it runs.

        Raises:
            GatewayError: it has ended by itself.
        """
        code = self._process.poll()
        if code is not None:
            raise GatewayError(
                f"gateway {self.command} ended with exit code {code}", hint=f"the end of its log:\n{self._end()}"
            )

    def await_ready(self) -> None:
        """Wait for its ready line.

        Raises:
            GatewayError: it ended, or is not ready in time.
        """
        output = self._process.stdout
        assert output is not None  # noqa: S101 - a pipe was asked for
        if not select.select([output], [], [], _READY_TIMEOUT_S)[0]:
            raise GatewayError(f"gateway {self.command} was not ready after {_READY_TIMEOUT_S:.0f} s")
        if not output.readline():
            self._process.wait()
            self.check()
        self.ready_after_s = time.monotonic() - self._started_s

    def await_end(self, timeout_s: float) -> None:
        """Wait until it has ended well by itself.

        Raises:
            GatewayError: it failed, or goes on for longer.
        """
        try:
            code = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise GatewayError(f"gateway {self.command} did not end within {timeout_s:.0f} s") from None
        if code:
            self.check()

    def freeze(self) -> None:
        """Let it do nothing more, so that what it has under way can be counted."""
        self._process.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        """End it as a crash would."""
        self._process.kill()
        self._finish()

    def ask_to_stop(self) -> Self:
        """Send SIGTERM, unless it has ended."""
        if self._process.poll() is None:
            self._process.terminate()
        return self

    def stop(self) -> None:
        """End it in good order, and make it after its deadline."""
        self.ask_to_stop()
        try:
            self._process.wait(self._stop_timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._finish()

    def _finish(self) -> None:
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _end(self) -> str:
        lines = self._log_file.read_text(errors="replace").splitlines()
        return "\n".join(lines[-_SHOWN_LOG_LINES:])
