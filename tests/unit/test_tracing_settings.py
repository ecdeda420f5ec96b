"""From the settings to the collector: what is refused, what is off, and what an absent collector costs."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.domain.errors import InvalidInputError
from gateway.services.tracing import collector_of, traced
from gateway.settings import Settings
from gateway.telemetry.exposition import Exposition
from gateway.telemetry.metrics import SPANS_DROPPED, SPANS_EXPORTED, Process
from gateway.telemetry.spans import SpanKind

SECRET = "canary-of-a-header"
COLLECTOR = "https://collector.example:4318"


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"otlp_endpoint": "collector:4318"}, "OTLP_ENDPOINT"),
        ({"otlp_endpoint": "grpc://collector:4317"}, "OTLP_ENDPOINT"),
        ({"otlp_endpoint": "http://collector:4318?key=1"}, "OTLP_ENDPOINT"),
        ({"otlp_endpoint": "http://me:word@collector:4318"}, "OTLP_ENDPOINT"),
        ({"otlp_endpoint": "http://collector:port"}, "OTLP_ENDPOINT"),
        ({"otlp_endpoint": "http://collector:4318", "otlp_headers": f"x-api-key={SECRET}"}, "OTLP_ENDPOINT"),
        ({"otlp_endpoint": COLLECTOR, "otlp_headers": SECRET}, "OTLP_HEADERS"),
        ({"otlp_endpoint": COLLECTOR, "otlp_headers": f"a=1,b {SECRET}=1"}, "OTLP_HEADERS"),
        ({"otlp_endpoint": COLLECTOR, "otlp_headers": f"a={SECRET}%0d%0ab: 1"}, "OTLP_HEADERS"),
        ({"otlp_endpoint": COLLECTOR, "otlp_headers": ",".join(f"h{i}={SECRET}" for i in range(21))}, "OTLP_HEADERS"),
        ({"otlp_endpoint": COLLECTOR, "otlp_headers": "a=1", "otlp_headers_file": "b"}, "OTLP_HEADERS"),
        ({"otlp_endpoint": COLLECTOR, "otlp_ca_file": "/nowhere.pem"}, "/nowhere.pem"),
        ({"otlp_endpoint": "http://localhost:4318", "otlp_ca_file": "/nowhere.pem"}, "OTLP_CA_FILE"),
        ({"otlp_headers": f"a={SECRET}"}, "OTLP_HEADERS"),
        ({"otlp_headers_file": "headers"}, "OTLP_HEADERS_FILE"),
        ({"otlp_ca_file": "ca.pem"}, "OTLP_CA_FILE"),
    ],
)
def test_what_can_not_be_meant_is_refused_by_its_name(given: dict[str, str], named: str) -> None:
    """And without the value: it may be a password."""
    with pytest.raises(InvalidInputError, match=named) as caught:
        collector_of(Settings(**given))  # type: ignore[arg-type]
    assert SECRET not in f"{caught.value.message} {caught.value.hint}"


def test_the_collector_that_is_meant(tmp_path: Path) -> None:
    """Headers as OpenTelemetry writes them, or one a line in a file; the path is the protocol's."""
    file = tmp_path / "headers"
    file.write_text("authorization=Basic%20YTpi=\nx-scope=a%2Cb\n")
    found = collector_of(Settings(otlp_endpoint=COLLECTOR + "/otlp/", otlp_headers_file=file))
    assert found is not None
    assert found.url == f"{COLLECTOR}/otlp/v1/traces"
    assert found.headers == {"authorization": "Basic YTpi=", "x-scope": "a,b"}
    assert "YTpi" not in repr(found)
    local = collector_of(Settings(otlp_endpoint="http://127.0.0.1:4318", otlp_headers="x-api-key = one , "))
    assert local is not None
    assert local.headers == {"x-api-key": "one"}
    assert collector_of(Settings(otlp_endpoint="http://otel-collector:4318")) is not None


async def test_without_a_collector_there_are_no_spans() -> None:
    """The metrics are there all the same, and stand still."""
    shown = Exposition()
    async with traced(Settings(), Process.STREAM, shown) as spans:
        assert spans is None
        assert _value(shown, SPANS_EXPORTED.name) == _value(shown, f'{SPANS_DROPPED.name}{{reason="queue_full"}}') == 0


async def test_a_collector_that_is_not_there_costs_its_spans_and_a_moment() -> None:
    """What could not be exported is counted; a stop waits for its share of the deadline and no longer."""
    shown = Exposition()
    settings = Settings(otlp_endpoint="http://127.0.0.1:1", shutdown_deadline_s=10)
    with capture_logs():
        async with traced(settings, Process.EGRESS, shown) as spans:
            assert spans is not None
            spans.begin("span", SpanKind.CLIENT, None).end({})
            began = time.monotonic()
        assert time.monotonic() - began < settings.shutdown_deadline_s / 2
    assert _value(shown, SPANS_EXPORTED.name) == 0


def test_opentelemetry_is_not_even_loaded_without_a_collector() -> None:
    """Whoever does not trace pays neither its time nor its memory."""
    program = (
        "import sys, gateway.cli.stream, gateway.cli.egress, gateway.services.stream, gateway.services.egress\n"
        "print([name for name in sys.modules if name.split('.')[0] in {'opentelemetry', 'requests'}])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "[]\n"


def _value(shown: Exposition, series: str) -> float:
    lines = [line for line in shown.text().decode().splitlines() if line.startswith(series)]
    return float(lines[0].rpartition(" ")[2])
