"""The pages `/livez`, `/readyz` and `/metrics` of a process, from its start until it has stopped."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

import gateway
from gateway.http.probe_server import Page, ProbeServer
from gateway.settings import Settings
from gateway.telemetry.exposition import CONTENT_TYPE, Exposition
from gateway.telemetry.metrics import BUILD, LOOP_SILENCE, READY, Process
from gateway.telemetry.process_state import ProcessState, Statement
from gateway.telemetry.watchdog import Watchdog

TABLE_LOADED = "the table of subscriptions is loaded"
PARTITIONS_ASSIGNED = "partitions were assigned"
INDEX_CAUGHT_UP = "the index has caught up"
_OK, _NOT_OK = 200, 503
_log = structlog.get_logger()


class Probes:
    """What a process says of itself.

    Args:
        process: which one it is.
        watchdog: watches its loops.

    Attributes:
        state: to be told how far the process has come.
        metrics: to be told what to show.
    """

    def __init__(self, process: Process, watchdog: Watchdog) -> None:
        last = INDEX_CAUGHT_UP if process is Process.CONSOLE else PARTITIONS_ASSIGNED
        self.state = ProcessState(watchdog, (TABLE_LOADED, last))
        self.metrics = Exposition()
        self.metrics.show(BUILD, lambda: [((process, gateway.__version__), 1)])
        self.metrics.show_value(READY, lambda: self.state.ready().good)
        self.metrics.show(LOOP_SILENCE, lambda: [((name,), age_s) for name, age_s in watchdog.silences_s().items()])

    @asynccontextmanager
    async def served(self, settings: Settings) -> AsyncIterator[None]:
        """Serve the pages inside.

        Raises:
            UnavailableError: the port is taken, or the address is not this machine's.
        """
        server = ProbeServer(
            {
                "/livez": lambda: _page(self.state.live()),
                "/readyz": lambda: _page(self.state.ready()),
                "/metrics": lambda: Page(_OK, self.metrics.text(), CONTENT_TYPE),
            }
        )
        address = str(settings.probes_address)
        await server.start(address, settings.probes_port)
        _log.info("probes.listening", address=address, port=server.port)
        try:
            yield
        finally:
            await server.stop()


def _page(statement: Statement) -> Page:
    return Page(_OK if statement.good else _NOT_OK, "".join(f"{line}\n" for line in statement.lines).encode())
