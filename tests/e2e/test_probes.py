"""What running processes say of themselves: before they are ready, under traffic, and while they stop."""

import asyncio
import signal

import pytest

from gateway.domain.topics import TopicLayout
from gateway.kafka.group_offsets import STREAM_GROUP_ID, committed_offsets
from gateway.kafka.lag import EndOffsets
from gateway.kafka.publisher import EventPublisher
from gateway.telemetry.metrics import METRICS, Process
from tests.e2e.events import publish_payments
from tests.e2e.probing import Probed
from tests.e2e.receiving import Receiver
from tests.e2e.running import GatewayHome, until, until_seen

EVENTS = 40
COUNTED_S = 60.0
TOPICS = TopicLayout(("customer", "invoice", "order")).event_topics()

pytestmark = pytest.mark.timeout(300, func_only=True)


async def start(programs: GatewayHome) -> tuple[Probed, Probed]:
    """Start a stream and an egress, and wait until they say that they are ready."""
    stream, egress = [await Probed(programs.start(command)).listening() for command in ("stream", "egress")]
    assert await stream.until_answered("/readyz", 200) == await egress.until_answered("/readyz", 200) == "ready\n"
    return stream, egress


def not_planned(home: GatewayHome) -> int | None:
    """Count the events that the stream has not come to yet: other tests may have left some on this broker.

    None: the broker does not tell just now.
    """
    ends = EndOffsets(home.kafka, TOPICS).ask()
    if ends is None:
        return None
    committed = committed_offsets(home.kafka, STREAM_GROUP_ID, list(ends))
    return sum(end - (committed[at].offset if at in committed else 0) for at, end in ends.items())


class Counted:
    """What a process has counted since now.

    Args:
        probed: the process.
        before: its metrics now.
    """

    def __init__(self, probed: Probed, before: dict[str, float]) -> None:
        self._probed = probed
        self._before = before

    async def since(self) -> dict[str, float]:
        """Give by how much each metric is more."""
        return {name: value - self._before.get(name, 0) for name, value in (await self._probed.metrics()).items()}


async def test_traffic_shows_in_the_metrics(
    programs: GatewayHome, receiver: Receiver, publisher: EventPublisher
) -> None:
    """Every metric has its place; what was published, planned, sent and given up is counted; the loops move."""
    stream, egress = await start(programs)
    good = await receiver.subscribe()
    bad = await receiver.subscribe("--retry-policy", "quick", tenant=good)
    receiver.sandbox.set_mode(bad, "410")
    await until_seen(lambda: not_planned(programs), lambda left: left == 0, COUNTED_S)
    by_stream, by_egress = [Counted(each, await each.metrics()) for each in (stream, egress)]
    await publish_payments(publisher, good, EVENTS)
    await receiver.until_accepted(EVENTS, good)
    # A receiver has an attempt before it is counted.
    async with asyncio.timeout(COUNTED_S):
        while (await by_egress.since())["delivery_age_seconds_count"] < EVENTS:  # noqa: ASYNC110 - nothing announces it
            await asyncio.sleep(0.05)

    for probed, process in ((stream, Process.STREAM), (egress, Process.EGRESS)):
        _, text = await probed.get("/metrics")
        shown = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE webhook_gateway_")}
        assert shown == {metric.name for metric in METRICS if process in metric.shown_by}
        status, loops = await probed.get("/livez")
        assert status == 200
        assert "event loop: moved " in loops

    counted = await by_stream.since()
    assert counted["events_total order.paid"] == EVENTS
    assert counted["deliveries_planned_total normal"] == 2 * EVENTS
    counted = await by_egress.since()
    assert counted["attempts_total delivered none"] == EVENTS
    assert counted["attempt_duration_seconds_count delivered"] == EVENTS
    assert counted["delivery_age_seconds_count"] == EVENTS
    assert counted["attempts_total rejected gone"] >= 1
    assert counted["deliveries_ended_total none delivered"] == EVENTS
    of_stream, of_egress = await stream.metrics(), await egress.metrics()
    assert of_stream["ready"] == of_egress["ready"] == 1
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
    receiver.sandbox.set_mode(inbox, "slow:8s")
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
