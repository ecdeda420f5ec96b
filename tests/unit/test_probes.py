"""The three pages of a process, asked over HTTP as an orchestrator does."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession

from gateway.domain.errors import UnavailableError
from gateway.http.probe_server import MAX_CONNECTIONS, ProbeServer
from gateway.services.probes import PARTITIONS_ASSIGNED, TABLE_LOADED, Probes
from gateway.settings import load_settings
from gateway.telemetry.metrics import Process
from gateway.telemetry.watchdog import Watchdog


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


class Served:
    """A process's pages, and the process's end of them."""

    def __init__(self, probes: Probes, watchdog: Watchdog, port: int) -> None:
        self.state, self.watchdog, self.port = probes.state, watchdog, port

    async def get(self, path: str, method: str = "GET") -> tuple[int, str]:
        url = f"http://127.0.0.1:{self.port}{path}"
        async with ClientSession() as session, session.request(method, url) as response:
            return response.status, await response.text()


@asynccontextmanager
async def serving(timeout_s: float = 60.0) -> AsyncIterator[Served]:
    """Serve the pages of an egress process whose watchdog ends nothing."""
    watchdog, port = Watchdog(timeout_s), free_port()
    probes = Probes(Process.EGRESS, watchdog)
    async with probes.served(load_settings(probes_port=port)):
        yield Served(probes, watchdog, port)


async def test_ready_says_what_is_missing_until_nothing_is() -> None:
    """The table first, then the partitions."""
    async with serving() as served:
        assert await served.get("/readyz") == (503, f"not yet: {TABLE_LOADED}\nnot yet: {PARTITIONS_ASSIGNED}\n")
        served.state.has(TABLE_LOADED)
        assert await served.get("/readyz") == (503, f"not yet: {PARTITIONS_ASSIGNED}\n")
        served.state.has(PARTITIONS_ASSIGNED)
        assert await served.get("/readyz") == (200, "ready\n")


async def test_a_second_assignment_changes_nothing() -> None:
    """Partitions come and go."""
    async with serving() as served:
        for what in (TABLE_LOADED, PARTITIONS_ASSIGNED, PARTITIONS_ASSIGNED):
            served.state.has(what)
        assert (await served.get("/readyz"))[0] == 200


async def test_a_process_that_stops_is_alive_and_not_ready() -> None:
    """It must neither be given work nor be killed; its loops do not beat any more."""
    async with serving(timeout_s=0.0) as served:
        served.state.has(TABLE_LOADED)
        served.state.has(PARTITIONS_ASSIGNED)
        served.watchdog.watch("event loop")
        served.state.stop()
        assert await served.get("/readyz") == (503, "the process is stopping\n")
        assert await served.get("/livez") == (200, "the process is stopping\n")


async def test_a_loop_that_is_silent_for_too_long_is_named() -> None:
    """Every loop has its line; one is enough to be dead."""
    async with serving() as served:
        served.watchdog.watch("event loop")
        served.watchdog.watch("delivery consumer")
        status, text = await served.get("/livez")
        assert status == 200
        assert [line.partition(":")[0] for line in text.splitlines()] == ["event loop", "delivery consumer"]
    async with serving(timeout_s=-1.0) as served:
        served.watchdog.watch("event loop")
        status, text = await served.get("/livez")
        assert status == 503
        assert text.startswith("event loop: moved ")


async def test_metrics_tell_the_process_and_its_version() -> None:
    """In the format that Prometheus asks for."""
    async with serving() as served:
        status, text = await served.get("/metrics")
        assert status == 200
        assert 'webhook_gateway_build_info{process="egress",version="' in text
        assert "\nwebhook_gateway_ready 0.0\n" in text
        assert "\nprocess_resident_memory_bytes " in text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("HEAD", "/livez", 200), ("POST", "/livez", 405), ("GET", "/", 404), ("GET", "/livez/", 404)],
)
async def test_nothing_else_is_served(method: str, path: str, status: int) -> None:
    """No other path, and nothing that changes anything."""
    async with serving() as served:
        assert (await served.get(path, method))[0] == status


async def test_only_the_chosen_address_listens() -> None:
    """By default that is 127.0.0.1."""
    async with serving() as served:
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.2", served.port)


async def test_a_port_that_is_taken_is_told() -> None:
    """With the settings that choose another one."""
    async with serving() as served:
        with pytest.raises(UnavailableError) as told:
            await ProbeServer({}).start("127.0.0.1", served.port)
        assert str(served.port) in told.value.message
        assert "GATEWAY_PROBES_PORT" in str(told.value.hint)


async def test_idle_connections_are_bounded() -> None:
    """What exceeds the bound is closed at once; those that were there are served."""
    async with serving() as served:
        idle = [await asyncio.open_connection("127.0.0.1", served.port) for _ in range(MAX_CONNECTIONS)]
        await asyncio.sleep(0)
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        assert await asyncio.wait_for(reader.read(), 5) == b""
        first_reader, first_writer = idle[0]
        first_writer.write(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n")
        assert (await asyncio.wait_for(first_reader.read(), 5)).startswith(b"HTTP/1.1 200")
        for each in (writer, *(one for _, one in idle)):
            each.close()


async def test_a_connection_that_says_nothing_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slowly its head comes."""
    monkeypatch.setattr("gateway.http.probe_server.CONNECTION_S", 0.05)
    async with serving() as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(b"GET /livez HT")
        began_s = time.monotonic()
        assert await asyncio.wait_for(reader.read(), 5) == b""
        assert time.monotonic() - began_s < 4
        writer.close()
