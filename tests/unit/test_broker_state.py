"""The local broker's memory between commands: read back whole, and changed by one command at a time."""

import socket
from pathlib import Path

import pytest

from gateway.domain.errors import GatewayError, UnavailableError
from gateway.kafka.local.ports import choose_port, is_free
from gateway.kafka.local.state import BrokerState, exclusive, read_state, write_state


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    """The state survives its file, and replaces the one before."""
    file = tmp_path / "broker.json"
    for state in (BrokerState(1, 2, 3), BrokerState(None, 2, 3)):
        write_state(file, state)
        assert read_state(file) == state


def test_no_file_is_no_broker(tmp_path: Path) -> None:
    """A home that was never used has no state."""
    assert read_state(tmp_path / "broker.json") is None


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"pid": 1}', '{"pid": 1, "port": 2, "controller_port": 3, "x": 4}']
)
def test_a_damaged_file_is_named(tmp_path: Path, content: str) -> None:
    """Whatever else stands in the file is an error that names it."""
    file = tmp_path / "broker.json"
    file.write_text(content)

    with pytest.raises(GatewayError, match="damaged"):
        read_state(file)


def test_the_lock_is_exclusive_and_given_back(tmp_path: Path) -> None:
    """A second holder waits for its time-out only, and gets the lock once the first has let go."""
    lock = tmp_path / "lock"
    with exclusive(lock, timeout_s=0), pytest.raises(UnavailableError), exclusive(lock, timeout_s=0):
        pass
    with exclusive(lock, timeout_s=0):
        pass


def test_a_port_that_is_listened_on_is_not_free() -> None:
    """The preferred port is taken when it is free, passed over when it is not, or when it is spoken for."""
    port = choose_port()
    assert choose_port(port) == port
    assert choose_port(port, avoid=port) != port
    with socket.create_server(("127.0.0.1", port)):
        assert not is_free(port)
        assert choose_port(port) != port
