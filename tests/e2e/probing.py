"""Asks a running process of the program what it says of itself."""

import asyncio
import re

from aiohttp import ClientSession
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.running import Program, until

_LISTENING = re.compile(r'"port": ?([0-9]+)[^\n]*probes\.listening|probes\.listening[^\n]*"port": ?([0-9]+)')
_START_S = 60.0


class Probed:
    """The probes of one process.

    Args:
        program: the process.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self._port = ""

    async def listening(self) -> "Probed":
        """Wait until it serves them; where, its log tells."""

        def told() -> bool:
            found = _LISTENING.search(self.program.whole_log)
            self._port = next(filter(None, found.groups()), "") if found else ""
            return bool(found)

        await until(told, _START_S, lambda: self.program.log)
        return self

    async def get(self, path: str) -> tuple[int, str]:
        """Give a page: its status, and its text."""
        async with ClientSession() as session, session.get(f"http://127.0.0.1:{self._port}{path}") as response:
            return response.status, await response.text()

    async def metrics(self) -> dict[str, float]:
        """Give every sample, by its name and its labels' values, joined with blanks."""
        _, text = await self.get("/metrics")
        return {
            " ".join((sample.name.removeprefix("webhook_gateway_"), *sample.labels.values())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    async def until_answered(self, path: str, status: int) -> str:
        """Ask again until a page has this status, and give its text."""
        async with asyncio.timeout(_START_S):
            while True:
                found, text = await self.get(path)
                if found == status:
                    return text
                await asyncio.sleep(0.01)
