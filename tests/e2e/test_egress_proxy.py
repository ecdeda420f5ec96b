"""Deliveries through an egress proxy, and a proxy that is gone for a while: nothing is lost, nobody is blamed."""

import asyncio
from pathlib import Path

import pytest

from gateway.kafka.publisher import EventPublisher
from tests.e2e.events import publish_payments
from tests.e2e.receiving import Receiver
from tests.e2e.running import GatewayHome
from tests.e2e.topic_contents import attempts, dead_letters
from tests.http.connect_proxy import connect_proxy, leading_to

# One failure that counts would be a dead letter.
ONCE = ("--retry-policy", "none")
PASSWORD = "of-the-proxy-only"

pytestmark = pytest.mark.timeout(240, func_only=True)


async def test_an_outage_of_the_proxy_is_nobodys(
    programs: GatewayHome, receiver: Receiver, publisher: EventPublisher, tmp_path: Path
) -> None:
    """What is delivered goes through the proxy; without it all waits, and with it back all arrives."""
    file = tmp_path / "proxy-url"
    async with connect_proxy(leading_to()) as proxy:
        file.write_text(f"http://user:{PASSWORD}@127.0.0.1:{proxy.port}\n")
        started = [programs.start("stream"), programs.start("egress", GATEWAY_EGRESS_PROXY_FILE=str(file))]
        for program in started:
            await asyncio.to_thread(program.await_ready)
        inbox = await receiver.subscribe(*ONCE)
        await publish_payments(publisher, inbox, 20)
        await receiver.until_accepted(20, inbox)
        # The proxy has to carry the answers as well before it goes.
        await receiver.until_recorded(inbox, "delivered", 20)
        # Retries that are left of other tests on this broker may pass, too.
        assert receiver.url.removeprefix("http://") in proxy.authorities

    kafka = programs.kafka
    await publish_payments(publisher, inbox, 20, first=20)
    await receiver.until_recorded(inbox, "put_off", 2)
    assert receiver.accepted(inbox) == 20

    async with connect_proxy(leading_to(), port=proxy.port) as proxy:
        await receiver.until_accepted(40, inbox)
        assert all(asked.headers["proxy-authorization"].startswith("Basic ") for asked in proxy.asked)
        await receiver.until_recorded(inbox, "delivered", 40)

    assert dead_letters(kafka, inbox) == []
    assert {one.error for one in attempts(kafka, inbox) if one.outcome == "put_off"} == {"proxy_failure"}
    shown = programs.read("subscriptions", "get", inbox)[0]
    assert (shown["state"], shown["failing_since_ms"]) == ("active", None)
    assert programs.read("signals", "--subscription", inbox) == []
    log = started[1].whole_log
    assert "egress.proxy_failed" in log
    assert PASSWORD not in log
