"""Everything on one machine: Kafka where none is configured, the topics, and stream, egress and console as children.

The children are real processes of the installed program. One that ends by itself is started again, each time a
little later; stopping goes in the reverse order of starting.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

import structlog

from gateway.domain.errors import GatewayError, UnavailableError
from gateway.kafka.local.ports import choose_port
from gateway.kafka.local_broker import LocalBroker
from gateway.kafka.topic_admin import apply_topics
from gateway.services.deployment import Deployment
from gateway.services.entrance import loopback_of, url_here
from gateway.settings import ENV_PREFIX, Settings

_CONSOLE = "console"
_CHILDREN = ("stream", "egress", _CONSOLE)
_LOOK_S = 0.1
_READY_TIMEOUT_S = 90.0
_FIRST_RESTART_S = 1.0
_MAX_RESTART_S = 30.0
# A child that ran so long is not in a crash loop: its next restart is prompt again.
_HEALTHY_AFTER_S = 60.0
_KILL_GRACE_S = 5.0
_BROKER_STOP_S = 40.0
_log = structlog.get_logger()


def stop_deadline_s(settings: Settings) -> float:
    """How long stopping all of it may take, seconds: the children's deadline, then the broker."""
    return settings.shutdown_deadline_s + _KILL_GRACE_S + _BROKER_STOP_S


class Stack:
    """The gateway on one machine, as an async context manager: ready inside, stopped after it.

    Args:
        settings: the children get the same.
        say: told what is being done, for people.
        log_file: where the children's logs go; None for this process's standard error.
        console_dir: the folder of the console's index; None for the one that is configured.

    Attributes:
        console_url: where the console is.
    """

    def __init__(
        self,
        settings: Settings,
        say: Callable[[str], None],
        log_file: Path | None = None,
        console_dir: Path | None = None,
    ) -> None:
        self._settings = settings
        self._say = say
        self._broker: LocalBroker | None = None
        host = loopback_of(settings.console_address)
        port = choose_port(*filter(None, (settings.console_port,)))
        self.console_url = url_here(settings.console_address, port)
        folder = {} if console_dir is None else {"CONSOLE_DIR": str(console_dir)}
        self._children = [
            _Child(command, settings, log_file)
            if command != _CONSOLE
            else _Child(command, settings, log_file, {"CONSOLE_PORT": str(port), **folder}, (str(host), port))
            for command in _CHILDREN
        ]

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stop()

    async def _start(self) -> None:
        if self._settings.bootstrap_servers is None:
            await self._start_broker()
        deployment = Deployment(self._settings)
        # Made before the children look for it, so that they don't both make one.
        deployment.key_ring()
        specs = deployment.layout().specs()
        self._say(f"checking {len(specs)} topics")
        await asyncio.to_thread(apply_topics, deployment.kafka(), specs, self._settings.replication_factor)
        self._say("starting stream, egress and console")
        await asyncio.gather(*(child.start() for child in self._children))

    async def _start_broker(self) -> None:
        broker = LocalBroker(self._settings.home)
        if not broker.status().running:
            self._broker = broker
            await asyncio.to_thread(broker.start, None, self._say)

    async def _stop(self) -> None:
        self._say("stopping")
        await asyncio.gather(*(child.stop() for child in self._children))
        if self._broker is not None:
            await asyncio.to_thread(self._broker.stop)


class _Child:
    """One supervised `gateway` process.

    Args:
        command: which one.
        settings: the deployment's.
        log_file: see `Stack`.
        own: settings that only this one has.
        address: host and port where it listens once people can use it; None where it says on its output that it works.
    """

    def __init__(
        self,
        command: str,
        settings: Settings,
        log_file: Path | None,
        own: Mapping[str, str] | None = None,
        address: tuple[str, int] | None = None,
    ) -> None:
        self._command = command
        self._log_file = log_file
        self._address = address
        given = {
            "ALLOW_INSECURE_ENDPOINTS": _flag(settings),
            "PROBES_PORT": str(probes_port(command, settings)),
            **(own or {}),
        }
        self._environment = {**os.environ, **{ENV_PREFIX + name: value for name, value in given.items()}}
        self._stop_timeout_s = settings.shutdown_deadline_s + _KILL_GRACE_S
        self._process: asyncio.subprocess.Process | None = None
        self._supervision: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the process, wait until it is ready, and look after it from then on."""
        await self._spawn()
        self._supervision = asyncio.ensure_future(self._supervise())

    async def _spawn(self) -> None:
        with contextlib.ExitStack() as files:
            log = None if self._log_file is None else files.enter_context(self._log_file.open("ab"))
            # A session of its own: Ctrl-C reaches this process only, which then stops its children in order.
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "gateway.cli.main",
                self._command,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env=self._environment,
                start_new_session=True,
            )
        try:
            async with asyncio.timeout(_READY_TIMEOUT_S):
                ready = await self._is_ready(self._process)
        except TimeoutError:
            raise UnavailableError(f"gateway {self._command} was not ready after {_READY_TIMEOUT_S:.0f} s") from None
        if not ready:
            code = await self._process.wait()
            raise GatewayError(
                f"gateway {self._command} ended with exit code {code}", hint=f"its log is {self._log_file or 'above'}"
            )

    async def _is_ready(self, process: asyncio.subprocess.Process) -> bool:
        """Wait until it is; False when it has ended instead."""
        if self._address is None:
            return bool(await self._output().readline())
        # Its index may take minutes to catch up: pages and answers are there before.
        while process.returncode is None:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection(*self._address)
                writer.close()
                return True
            await asyncio.sleep(_LOOK_S)
        return False

    def _output(self) -> asyncio.StreamReader:
        if self._process is None or self._process.stdout is None:
            raise GatewayError(f"gateway {self._command} was not started")
        return self._process.stdout

    async def _supervise(self) -> None:
        loop = asyncio.get_running_loop()
        pause_s = _FIRST_RESTART_S
        while True:
            started_s = loop.time()
            await self._output().read()
            if loop.time() - started_s > _HEALTHY_AFTER_S:
                pause_s = _FIRST_RESTART_S
            _log.error("stack.child_ended", command=self._command, restart_in_s=pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, _MAX_RESTART_S)
            try:
                await self._spawn()
            except GatewayError as error:
                _log.error("stack.restart_failed", command=self._command, error=error.message)
                await self._end()

    async def stop(self) -> None:
        """Ask the process to stop, and make it after its deadline."""
        if self._supervision is not None:
            self._supervision.cancel()
        await self._end()

    async def _end(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(self._stop_timeout_s):
                await process.wait()
        except TimeoutError:
            _log.error("stack.child_killed", command=self._command, after_s=self._stop_timeout_s)
            process.kill()
            await process.wait()


def _flag(settings: Settings) -> str:
    return "true" if settings.allow_insecure_endpoints else "false"


def probes_port(command: str, settings: Settings) -> int:
    """Give each child a port of its own: the one that is set, and those that follow."""
    return settings.probes_port and settings.probes_port + _CHILDREN.index(command)
