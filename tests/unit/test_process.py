"""A service runs until a signal or until one of its parts ends, and always takes down what it started."""

import asyncio
import os
import signal
import subprocess
import sys
from textwrap import dedent

import pytest

from gateway.domain.errors import GatewayError, UnavailableError
from gateway.services.process import until_stopped_or_failed


async def for_ever() -> None:
    """Do nothing."""
    await asyncio.Event().wait()


async def fail() -> None:
    """Fail as a part does."""
    raise UnavailableError("the table is gone")


async def end() -> None:
    """End, which no part may."""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_the_wait(number: signal.Signals) -> None:
    """In an orderly way: nothing is raised."""

    async def signalled() -> None:
        os.kill(os.getpid(), number)
        await for_ever()

    await asyncio.wait_for(until_stopped_or_failed([signalled()]), 5)


async def test_a_failing_part_ends_the_wait() -> None:
    """With its own error."""
    parts = [asyncio.ensure_future(part) for part in (for_ever(), fail())]
    with pytest.raises(UnavailableError, match="the table is gone"):
        await asyncio.wait_for(until_stopped_or_failed(parts), 5)


async def test_a_part_that_ends_is_a_failure() -> None:
    """None of them is meant to; going on without it would be doing half of the work, silently."""
    parts = [asyncio.ensure_future(part) for part in (for_ever(), end())]
    with pytest.raises(GatewayError, match="ended by itself"):
        await asyncio.wait_for(until_stopped_or_failed(parts), 5)


_PROGRAM = """
    import asyncio, os, signal
    from gateway.services.process import announce_ready, run, until_stopped_or_failed

    async def main():
        try:
            {body}
        finally:
            print("taken down", flush=True)

    run(main(), stop_deadline_s=20)
"""


def run_program(body: str) -> subprocess.CompletedProcess[str]:
    code = dedent(_PROGRAM).format(body=body)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize("number", ["SIGTERM", "SIGINT"])
def test_a_signal_during_the_start_takes_down_what_was_started(number: str) -> None:
    """A service that still waits for Kafka, say, can be stopped as well."""
    ended = run_program(f"os.kill(os.getpid(), signal.{number}); await asyncio.sleep(20)")
    assert ended.returncode != 0
    assert ended.stdout == "taken down\n"


@pytest.mark.parametrize("number", ["SIGTERM", "SIGINT"])
def test_a_service_that_is_ready_stops_cleanly(number: str) -> None:
    """One line says that it is ready; a signal ends it with exit code 0."""
    body = (
        "announce_ready('stream'); asyncio.get_running_loop().call_later(0.1, os.kill, os.getpid(), "
        f"signal.{number}); await until_stopped_or_failed([asyncio.get_running_loop().create_future()])"
    )
    ended = run_program(body)
    assert (ended.returncode, ended.stdout) == (0, "stream ready\ntaken down\n"), ended.stderr


def test_a_failure_takes_down_what_was_started() -> None:
    """And reaches the caller, which tells it."""
    ended = run_program("raise RuntimeError('no')")
    assert ended.returncode == 1
    assert ended.stdout == "taken down\n"
    assert "RuntimeError: no" in ended.stderr
