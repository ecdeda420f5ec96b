"""Connections to Kafka that are silent for good while new ones work: the processes notice, and begin anew."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from gateway.kafka.group_offsets import EGRESS_GROUP_ID, STREAM_GROUP_ID
from gateway.kafka.publisher import EventPublisher
from tests.e2e.dead_members import forget_members
from tests.e2e.events import event_id, publish_payments
from tests.e2e.receiving import Receiver
from tests.e2e.running import GatewayHome, Program, until
from tests.e2e.silencing import Request, SilencingProxy, silencing_proxy

# Below what the clients wait for the answer to a request before they connect anew, but above what a busy machine takes.
PATIENCE_S = 6.0
NOTICED_S, READY_S = 60.0, 60.0
GROUPS = {"stream": STREAM_GROUP_ID, "egress": EGRESS_GROUP_ID}
EVENTS = 20

pytestmark = pytest.mark.timeout(240, func_only=True)


async def start(home: GatewayHome, name: str, opened: AsyncExitStack) -> tuple[Program, SilencingProxy]:
    """Start a process whose connections to Kafka go through a proxy of its own."""
    broker_port = int(home.kafka.bootstrap_servers.rpartition(":")[2])
    proxy, port = await opened.enter_async_context(silencing_proxy(broker_port))
    process = home.start(
        name,
        GATEWAY_BOOTSTRAP_SERVERS=f"127.0.0.1:{port}",
        GATEWAY_SECRET_KEYS_FILE=str(home.path / "secret-keys"),
        GATEWAY_STALL_TIMEOUT_S=str(PATIENCE_S),
    )
    await asyncio.to_thread(process.await_ready)
    return process, proxy


async def silence(proxy: SilencingProxy, request: Request) -> None:
    """Make the connections with such requests silent, once there is one."""
    await until(lambda: proxy.silence(request) > 0, NOTICED_S, lambda: f"no {request.name}")


def beginnings(process: Program) -> list[str]:
    """Give what a process wrote each time it began anew."""
    return [line for line in process.whole_log.splitlines() if "process.begins_anew" in line]


async def until_begun_anew(home: GatewayHome, process: Program, times: int, stalled: str) -> None:
    """Wait until a process has begun anew so often, last for this part, and is ready."""
    await until(lambda: len(beginnings(process)) == times, NOTICED_S, lambda: process.log)
    assert stalled in beginnings(process)[-1]
    # Else the new one waits for the session of the member that it was.
    await forget_members(home.kafka, GROUPS[process.name])
    await until(lambda: process.output.count("ready") == times + 1, READY_S, lambda: process.log)


async def test_a_process_whose_client_is_silent_begins_anew(
    programs: GatewayHome, receiver: Receiver, publisher: EventPublisher
) -> None:
    """One that produces, or one that reads: what was published meanwhile arrives, and no supervisor is needed."""
    inbox = await receiver.subscribe()
    async with AsyncExitStack() as opened:
        stream, streams_proxy = await start(programs, "stream", opened)
        egress, egress_proxy = await start(programs, "egress", opened)
        first = stream.pid, egress.pid
        await publish_payments(publisher, inbox, EVENTS)
        await receiver.until_accepted(EVENTS, inbox)

        await silence(egress_proxy, Request.PRODUCE)
        await publish_payments(publisher, inbox, EVENTS, first=EVENTS)
        await receiver.until_accepted(2 * EVENTS, inbox)
        await silence(streams_proxy, Request.PRODUCE)
        await publish_payments(publisher, inbox, EVENTS, first=2 * EVENTS)
        await until_begun_anew(programs, egress, 1, "the producer")
        await until_begun_anew(programs, stream, 1, "the producer")
        await receiver.until_accepted(3 * EVENTS, inbox)

        await silence(egress_proxy, Request.FETCH)
        await publish_payments(publisher, inbox, EVENTS, first=3 * EVENTS)
        await until_begun_anew(programs, egress, 2, "the delivery consumer")
        await receiver.until_accepted(4 * EVENTS, inbox)

        assert set(receiver.ids(inbox)) == {event_id(inbox, number) for number in range(4 * EVENTS)}
        assert (stream.pid, egress.pid) == first
        assert [await asyncio.to_thread(process.stop) for process in (stream, egress)] == [0, 0]
