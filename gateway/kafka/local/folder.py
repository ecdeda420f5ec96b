"""Where the parts of one home's broker lie."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class BrokerFolder:
    """The broker's own folder, an absolute path; everything else is relative to it."""

    root: Path

    @property
    def libs(self) -> Path:
        """The jars, a folder for each set of versions."""
        return self.root / "libs"

    @property
    def data(self) -> Path:
        """The records. `server.properties` names it too."""
        return self.root / "data"

    @property
    def log_file(self) -> Path:
        """What the broker printed since its last start."""
        return self.root / "broker.log"

    @property
    def state_file(self) -> Path:
        """The process and the ports."""
        return self.root / "broker.json"

    @property
    def lock_file(self) -> Path:
        """Held by the command that changes something."""
        return self.root / "lock"

    @property
    def properties_file(self) -> Path:
        """The broker's configuration; its path, an argument of the process, is what the process is known by."""
        return self.root / "server.properties"
