"""A producer's trace goes through stream and egress to the receiver, and a collector gets to see all of it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from gateway.domain.trace_context import ids_of, trace_id_of
from tests.e2e.receiving import Receiver
from tests.e2e.running import GatewayHome, until
from tests.recorded_spans import TRACEPARENT

KEY = "canary-of-the-collector"
TRACE, PRODUCER = f"{ids_of(TRACEPARENT)[0]:032x}", f"{ids_of(TRACEPARENT)[1]:016x}"

pytestmark = pytest.mark.timeout(240, func_only=True)


@dataclass
class Collector:
    """A collector of OTLP over HTTP.

    Attributes:
        url: where it listens.
        requests: what came.
        keys: the API key of each request.
    """

    url: str = ""
    requests: list[ExportTraceServiceRequest] = field(default_factory=list)
    keys: set[str | None] = field(default_factory=set)

    async def take(self, request: web.Request) -> web.Response:
        """Take spans."""
        self.keys.add(request.headers.get("x-api-key"))
        self.requests.append(ExportTraceServiceRequest.FromString(await request.read()))
        return web.Response()

    def of_trace(self, trace_id: str) -> list["Exported"]:
        """Give the spans of a trace in the order in which they began."""
        found = [
            Exported(
                next(each.value.string_value for each in resource.resource.attributes if each.key == "service.name"),
                span.name,
                span.span_id.hex(),
                span.parent_span_id.hex(),
                span.start_time_unix_nano,
            )
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
            if span.trace_id.hex() == trace_id
        ]
        return sorted(found, key=lambda span: span.began_ns)


@dataclass(frozen=True, slots=True)
class Exported:
    """A span as the collector got it."""

    service: str
    name: str
    span_id: str
    parent_id: str
    began_ns: int


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    """Run a collector."""
    made = Collector()
    app = web.Application()
    app.router.add_post("/v1/traces", made.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


async def test_one_trace_from_the_producer_to_the_receiver_and_its_retry(
    programs: GatewayHome, receiver: Receiver, collector: Collector
) -> None:
    """The plan is a child of the producer's span, all attempts of the plan, and the receiver's of its attempt."""
    settings = {"GATEWAY_OTLP_ENDPOINT": collector.url, "GATEWAY_OTLP_HEADERS": f"x-api-key={KEY}"}
    stream, egress = [programs.start(name, **settings) for name in ("stream", "egress")]
    for program in (stream, egress):
        await asyncio.to_thread(program.await_ready)
    inbox = await receiver.subscribe("--retry-policy", "1s,1s,1s,1s")
    receiver.sandbox.set_mode(inbox, "500")
    publish = ("publish", "order.paid", "--mock", "1", "--tenant", inbox, "--traceparent", TRACEPARENT)
    publishing = asyncio.create_task(receiver.gateway(*publish))
    # Not after the command: it may take longer to end than all attempts.
    await until(lambda: receiver.sandbox.stats(inbox).received > 0, 60, lambda: egress.log)
    receiver.sandbox.set_mode(inbox, "none")
    await receiver.until_accepted(1, inbox)
    await publishing
    requests = receiver.requests(inbox)
    await until(lambda: len(collector.of_trace(TRACE)) == 1 + len(requests), 30, lambda: collector.of_trace(TRACE))
    ended = [await asyncio.to_thread(program.stop) for program in (stream, egress)]

    plan, *attempts = collector.of_trace(TRACE)
    assert (plan.name, plan.parent_id, plan.service) == ("gateway.plan", PRODUCER, "webhook-gateway-stream")
    assert len(attempts) > 1
    for attempt in attempts:
        assert (attempt.name, attempt.parent_id) == ("gateway.attempt", plan.span_id)
        assert attempt.service == "webhook-gateway-egress"
    told = [request.headers["traceparent"] for request in requests]
    assert told == [f"00-{TRACE}-{attempt.span_id}-01" for attempt in attempts]
    assert f'"trace_id":"{trace_id_of(TRACEPARENT)}"' in egress.whole_log.replace(": ", ":")
    assert collector.keys == {KEY}
    assert KEY not in stream.whole_log + egress.whole_log
    assert ended == [0, 0]
