"""What running processes say of themselves: before they are ready, under traffic, and while they stop."""

import asyncio
import signal

import pytest

from gateway.kafka.publisher import EventPublisher
from gateway.telemetry.metrics import METRICS, Process
from tests.e2e.events import publish_payments
from tests.e2e.probing import Probed
from tests.e2e.receiving import Receiver
from tests.e2e.running import GatewayHome, until

EVENTS = 40

pytestmark = pytest.mark.timeout(180, func_only=True)


async def start(programs: GatewayHome) -> tuple[Probed, Probed]:
    """Start a stream and an egress, and wait until they say that they are ready."""
    stream, egress = [await Probed(programs.start(command)).listening() for command in ("stream", "egress")]
    assert await stream.until_answered("/readyz", 200) == await egress.until_answered("/readyz", 200) == "ready\n"
    return stream, egress


async def test_traffic_shows_in_the_metrics(
    programs: GatewayHome, receiver: Receiver, publisher: EventPublisher
) -> None:
    """Every metric has its place; what was published, planned, sent and given up is counted; the loops move."""
    stream, egress = await start(programs)
    good = await receiver.subscribe()
    bad = await receiver.subscribe("--retry-policy", "quick", tenant=good)
    receiver.sandbox.set_mode(bad, "410")
    await publish_payments(publisher, good, EVENTS)
    await receiver.until_accepted(EVENTS, good)

    for probed, process in ((stream, Process.STREAM), (egress, Process.EGRESS)):
        _, text = await probed.get("/metrics")
        shown = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE webhook_gateway_")}
        assert shown == {metric.name for metric in METRICS if process in metric.shown_by}
        status, loops = await probed.get("/livez")
        assert status == 200
        assert "event loop: moved " in loops

    of_stream, of_egress = await stream.metrics(), await egress.metrics()
    assert of_stream["events_total order.paid"] == EVENTS
    assert of_stream["deliveries_planned_total normal"] == 2 * EVENTS
    assert of_stream["ready"] == of_egress["ready"] == 1
    assert of_egress["attempts_total delivered none"] == EVENTS
    assert of_egress["attempt_duration_seconds_count delivered"] == EVENTS
    assert of_egress["delivery_age_seconds_count"] == EVENTS
    assert of_egress["attempts_total rejected gone"] >= 1
    assert of_egress["deliveries_ended_total none delivered"] == EVENTS
    assert of_egress["subscriptions"] >= 2
    assert of_egress["assigned_partitions deliveries"] == 6
    assert bad not in (await egress.get("/metrics"))[1]
    assert [each.program.stop() for each in (stream, egress)] == [0, 0]


async def test_a_process_that_waits_for_kafka_is_alive_and_not_ready(programs: GatewayHome) -> None:
    """To start it again would not help."""
    waiting = await Probed(programs.start("stream", GATEWAY_BOOTSTRAP_SERVERS="127.0.0.1:1")).listening()
    assert (await waiting.get("/livez"))[0] == 200
    status, text = await waiting.get("/readyz")
    assert status == 503
    assert text.startswith("not yet: the table of subscriptions is loaded\n")


async def test_a_stop_is_told_before_it_is_over(
    programs: GatewayHome, receiver: Receiver, publisher: EventPublisher
) -> None:
    """While the last attempt is finished the process is alive, gets nothing new, and counts on."""
    stream, egress = await start(programs)
    inbox = await receiver.subscribe()
    receiver.sandbox.set_mode(inbox, "slow:3s")
    await publish_payments(publisher, inbox, 1)
    await until(lambda: receiver.sandbox.stats(inbox).received == 1, 30, lambda: egress.program.log)

    stopping = asyncio.create_task(asyncio.to_thread(egress.program.stop, signal.SIGTERM))
    assert await egress.until_answered("/readyz", 503) == "the process is stopping\n"
    assert (await egress.get("/livez"))[0] == 200
    metrics = await egress.metrics()
    assert metrics["ready"] == 0
    assert metrics["attempts_in_flight"] == 1
    assert await stopping == 0
    assert receiver.sandbox.stats(inbox).accepted == 1
    assert await asyncio.to_thread(stream.program.stop) == 0
