"""Where the log goes, and that the Kafka clients' own lines don't drown it while a broker is away."""

import logging
import subprocess
import sys

from gateway.telemetry.logs import RepeatFilter


def line(name: str, text: str) -> logging.LogRecord:
    return logging.LogRecord(name, logging.WARNING, __file__, 1, text, None, None)


def test_a_client_that_repeats_itself_is_heard_once() -> None:
    """The same complaint of another client of the process is a repeat too; another complaint is not."""
    repeats = RepeatFilter()
    assert repeats.filter(line("librdkafka", "FAIL [producer-1] connection refused"))
    assert not repeats.filter(line("librdkafka", "FAIL [consumer-2] connection refused"))
    assert repeats.filter(line("librdkafka", "GETPID [producer-1] coordinator load in progress"))


def test_our_own_lines_are_never_held_back() -> None:
    """A filter for others must not cost us a record of a delivery."""
    repeats = RepeatFilter()
    assert all(repeats.filter(line("gateway", "delivery.attempted")) for _ in range(3))


def test_a_line_of_the_log_is_no_result() -> None:
    """Also of a command that sets up no log: what it prints may be read by a program."""
    program = """
import structlog
from gateway.cli.main import cli

cli(["top", "--help"], standalone_mode=False)
structlog.get_logger().warning("cursors.undecodable")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30)
    assert "cursors.undecodable" in done.stderr
    assert "cursors.undecodable" not in done.stdout
