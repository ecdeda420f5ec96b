"""Traces of a process: exported to the collector that the settings name, or not at all.

Without a collector nothing of OpenTelemetry is loaded. The collector's address is the operator's own, and the rules for
endpoints' addresses do not hold for it.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

import structlog

from gateway.domain.errors import InvalidInputError
from gateway.kafka.security import Tls
from gateway.services.given_settings import LOOPBACK, refuse_unused, secret_of, variable
from gateway.settings import Settings
from gateway.telemetry.exposition import Exposition
from gateway.telemetry.metrics import SPANS_DROPPED, SPANS_EXPORTED, Process
from gateway.telemetry.spans import Spans

_ENDPOINT, _HEADERS, _CA_FILE = "otlp_endpoint", "otlp_headers", "otlp_ca_file"
_PATH = "/v1/traces"
# Of one request to the collector, and of the shutdown deadline for the spans that wait then.
_TIMEOUT_S = 5.0
_FLUSH_SHARE = 0.04
_MAX_HEADERS = 20
_NAME_CHARS = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_HEADERS_HINT = "name=value, comma separated; a comma in a value is written %2C"
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Collector:
    """Where spans are exported to.

    Attributes:
        url: takes OTLP over HTTP.
        headers: of each request; never shown.
        ca_file: PEM file of the authorities that are trusted; None for the system's.
        sample_ratio: of traces that begin here, the share that is recorded, 0 to 1.
    """

    url: str
    headers: dict[str, str] = field(repr=False)
    ca_file: Path | None
    sample_ratio: float


def collector_of(settings: Settings) -> Collector | None:
    """Give where spans are exported to, None where they are not; every file that the settings name has been read.

    Raises:
        InvalidInputError: the settings contradict each other, or one can't be used.
    """
    if settings.otlp_endpoint is None:
        unset = f"{variable(_ENDPOINT)} is not set"
        refuse_unused(settings, (_HEADERS, f"{_HEADERS}_file", _CA_FILE), unset)
        return None
    url = _parse_url(settings.otlp_endpoint)
    headers = _parse_headers(secret_of(settings, _HEADERS, required_by=None) or "")
    if url.scheme == "http":
        refuse_unused(settings, (_CA_FILE,), f"{variable(_ENDPOINT)} is an http URL: nothing is encrypted")
        if headers and url.hostname not in LOOPBACK:
            raise InvalidInputError(
                f"{variable(_ENDPOINT)}: has to be an https URL",
                hint=f"{variable(_HEADERS)} is sent to it; plain http is accepted for this machine only",
            )
    Tls(settings.otlp_ca_file).context()
    return Collector(url.geturl().rstrip("/") + _PATH, headers, settings.otlp_ca_file, settings.trace_sample_ratio)


@asynccontextmanager
async def traced(settings: Settings, process: Process, shown: Exposition) -> AsyncIterator[Spans | None]:
    """Give what begins spans inside, None where none are exported; afterwards export what waits.

    Raises:
        InvalidInputError: see `collector_of`.
    """
    collector = collector_of(settings)
    if collector is None:
        shown.show_value(SPANS_EXPORTED, lambda: 0)
        shown.show(SPANS_DROPPED, lambda: [(("queue_full",), 0), (("not_exported",), 0)])
        yield None
        return
    # Not at the top: a tenth of a second and 6 MB, for those alone who want it.
    from gateway.telemetry.otel_spans import OtelSpans  # noqa: PLC0415
    from gateway.telemetry.otlp import otlp_queue  # noqa: PLC0415

    queue = otlp_queue(collector.url, collector.headers, _authorities(collector.ca_file), _TIMEOUT_S)
    shown.show_value(SPANS_EXPORTED, lambda: queue.exported)
    shown.show(SPANS_DROPPED, lambda: [(("queue_full",), queue.overflowed), (("not_exported",), queue.failed)])
    _log.info("traces.exported", collector=collector.url, sample_ratio=collector.sample_ratio)
    try:
        yield OtelSpans(f"webhook-gateway-{process.value}", queue, collector.sample_ratio)
    finally:
        await asyncio.to_thread(queue.close, settings.shutdown_deadline_s * _FLUSH_SHARE)


def _parse_url(text: str) -> SplitResult:
    try:
        url = urlsplit(text)
        usable = bool(url.scheme in {"http", "https"} and url.hostname and url.port != 0)
    except ValueError:
        url, usable = urlsplit(""), False
    if not usable or url.query or url.fragment or url.username is not None or not text.isprintable():
        raise InvalidInputError(
            f"{variable(_ENDPOINT)}: is no http or https URL",
            hint=f"such as http://otel-collector:4318; {_PATH} is added to it, and credentials are headers",
        )
    return url


def _parse_headers(text: str) -> dict[str, str]:
    """Read headers as OpenTelemetry's `OTEL_EXPORTER_OTLP_HEADERS` has them, also one a line."""
    headers: dict[str, str] = {}
    for number, part in enumerate(filter(str.strip, text.replace("\n", ",").split(",")), 1):
        name, equals, value = part.partition("=")
        name, value = name.strip(), unquote(value.strip())
        if not (equals and name and _NAME_CHARS.issuperset(name) and value.isascii() and value.isprintable()):
            # Which one, and not what: it may be a password.
            raise InvalidInputError(f"{variable(_HEADERS)}: number {number} is no header", hint=_HEADERS_HINT)
        headers[name] = value
    if len(headers) > _MAX_HEADERS:
        raise InvalidInputError(f"{variable(_HEADERS)}: more than {_MAX_HEADERS} headers")
    return headers


def _authorities(ca_file: Path | None) -> str | None:
    """Give the file or folder of trusted authorities; the exporter's HTTP library would bring its own otherwise."""
    paths = ssl.get_default_verify_paths()
    return paths.cafile or paths.capath if ca_file is None else str(ca_file)
