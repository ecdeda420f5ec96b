"""Tests of the delivering client run on the event loop that the gateway's processes run on."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
import uvloop

from gateway.domain.addresses import DEVELOPMENT
from gateway.http.client import WebhookClient


def pytest_asyncio_loop_factories(
    config: pytest.Config,  # noqa: ARG001 - the hook's signature
    item: pytest.Item,
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Choose uvloop for the client: failures of a connection surface as other exceptions there."""
    if item.path.name.startswith("test_client"):
        return {"uvloop": uvloop.new_event_loop}
    return {"asyncio": asyncio.new_event_loop}


@pytest.fixture
async def client() -> AsyncIterator[WebhookClient]:
    """Give a client that may reach loopback."""
    client = WebhookClient(DEVELOPMENT)
    yield client
    await client.close()
