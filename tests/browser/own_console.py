"""A console of a test's own, on a port and with an index of its own: it can be stopped and lose what it has."""

import shutil
from pathlib import Path

from gateway.kafka.local.ports import choose_port
from tests.e2e.running import GatewayHome, Program


class OwnConsole:
    """The console, before its start.

    Args:
        home: of whose deliveries it has an index.
        folder: where that is.
        settings: more of the environment's.

    Attributes:
        url: where it will listen.
    """

    def __init__(self, home: GatewayHome, folder: Path, **settings: str) -> None:
        self._home = home
        self._folder = folder
        port = choose_port()
        self.url = f"http://127.0.0.1:{port}"
        self._settings = {"GATEWAY_CONSOLE_PORT": str(port), "GATEWAY_CONSOLE_DIR": str(folder), **settings}
        self._program: Program | None = None

    def start(self, **settings: str) -> None:
        """Start it, with more of the environment's settings, until its index has caught up."""
        self._program = self._home.start("console", **self._settings, **settings).await_ready()

    def stop(self) -> None:
        """Stop it in good order, if it was started."""
        if self._program is not None:
            assert self._program.stop() == 0, self._program.log

    def lose_index(self) -> None:
        """Remove every file of its index."""
        shutil.rmtree(self._folder)
