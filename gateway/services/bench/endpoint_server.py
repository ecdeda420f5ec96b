"""The receiver's process: `python -m gateway.services.bench.endpoint_server PORT…`, one endpoint for each port.

Its standard input is one end of a socket pair: each line is a command, each command is answered by one line, both
JSON. It ends when the other end does, so it never outlives the benchmark. See `endpoints.py` for the commands.
"""

import asyncio
import socket
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import uvloop

from gateway.domain.secret import SigningSecret, parse_secret
from gateway.domain.signing import sign_standard
from gateway.services.bench.http_endpoint import Endpoint

_HOST = "127.0.0.1"
# Checking a signature costs as much as all the rest of a request: of so many, one is checked.
CHECK_EVERY = 500


class SignatureSample:
    """Checks the Standard Webhooks signature of one request in `CHECK_EVERY`."""

    def __init__(self) -> None:
        self.secret: SigningSecret | None = None
        self.verified = 0
        self.rejected = 0
        self._seen = 0

    def look(self, head: bytes, body: bytes) -> None:
        """Count a request, and check it when it is its turn."""
        self._seen += 1
        if self._seen % CHECK_EVERY or self.secret is None:
            return
        lines = (line.partition(b": ") for line in head.split(b"\r\n")[1:])
        headers = {name.lower(): value.decode() for name, _, value in lines}
        wanted = sign_standard([self.secret], headers[b"webhook-id"], int(headers[b"webhook-timestamp"]), body)
        if wanted in headers[b"webhook-signature"].split(" "):
            self.verified += 1
        else:
            self.rejected += 1


class EndpointServer:
    """Carries the commands out."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports = ports
        self._sample = SignatureSample()
        self._endpoints = [Endpoint(self._sample.look) for _ in ports]

    async def run(self) -> None:
        """Listen, and do what the lines say until there are no more."""
        reader, writer = await asyncio.open_unix_connection(sock=socket.socket(fileno=sys.stdin.fileno()))
        for endpoint, port in zip(self._endpoints, self._ports, strict=True):
            await endpoint.listen(_HOST, port)
        while line := await reader.readline():
            writer.write(orjson.dumps(await self._do(orjson.loads(line))) + b"\n")

    async def _do(self, command: dict[str, Any]) -> dict[str, Any]:
        match command:
            case {"do": "begin", "prefix": prefix, "secret": secret}:
                self._sample.secret = parse_secret(secret)
                for endpoint in self._endpoints:
                    endpoint.begin(prefix.encode())
            case {"do": "answer", "endpoint": index, "delay_s": delay_s}:
                self._endpoints[index].delay_s = delay_s
                self._endpoints[index].break_off()
                await self._endpoints[index].listen(_HOST, self._ports[index])
            case {"do": "refuse", "endpoint": index}:
                self._endpoints[index].refuse()
            case {"do": "save", "folder": folder}:
                self._save(Path(folder))
            case {"do": "count"}:
                pass
            case _:
                raise ValueError(f"not a command: {command}")
        return self._counts()

    def _counts(self) -> dict[str, Any]:
        return {
            "at_ns": time.time_ns(),
            "arrived": [len(endpoint.arrivals.numbers) for endpoint in self._endpoints],
            "unanswered": sum(endpoint.unanswered for endpoint in self._endpoints),
            "strays": sum(endpoint.strays for endpoint in self._endpoints),
            "verified": self._sample.verified,
            "rejected": self._sample.rejected,
        }

    def _save(self, folder: Path) -> None:
        for index, endpoint in enumerate(self._endpoints):
            (folder / f"{index}.numbers").write_bytes(endpoint.arrivals.numbers.tobytes())
            (folder / f"{index}.times").write_bytes(endpoint.arrivals.times_ns.tobytes())


if __name__ == "__main__":
    uvloop.run(EndpointServer([int(port) for port in sys.argv[1:]]).run())
