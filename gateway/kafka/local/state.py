"""What the local broker's home remembers between commands, and the lock that lets one command at a time change it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from gateway.domain.errors import GatewayError, UnavailableError
from gateway.kafka.local.process import wait_until


@dataclass(frozen=True, slots=True)
class BrokerState:
    """The broker of one home, running or not.

    Attributes:
        pid: the process that was started last, or None after a stop.
        port: where clients reach it.
        controller_port: where it reaches itself.
    """

    pid: int | None
    port: int
    controller_port: int


def read_state(file: Path) -> BrokerState | None:
    """Read the state, or give None where no broker was ever started.

    Raises:
        GatewayError: the file is not what `write_state` wrote.
    """
    try:
        return BrokerState(**orjson.loads(file.read_bytes()))
    except FileNotFoundError:
        return None
    except (orjson.JSONDecodeError, TypeError) as error:
        raise GatewayError(
            f"{file} is damaged: {error}", hint="stop the broker by its pid and delete the file"
        ) from None


def write_state(file: Path, state: BrokerState) -> None:
    """Replace the state as a whole: a reader sees the old one or the new one."""
    incoming = file.with_suffix(".incoming")
    incoming.write_bytes(orjson.dumps(asdict(state)))
    incoming.replace(file)


@contextmanager
def exclusive(lock_file: Path, timeout_s: float) -> Iterator[None]:
    """Hold the lock while the block runs. It ends with the process, however that ends.

    Raises:
        UnavailableError: somebody else has held it for `timeout_s`.
    """
    descriptor = os.open(lock_file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not wait_until(lambda: _try_lock(descriptor), timeout_s):
            raise UnavailableError(f"another command has been busy with the local broker for {timeout_s:.0f} s")
        yield
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
