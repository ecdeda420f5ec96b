"""Exports spans to a collector by OTLP over HTTP (OpenTelemetry Protocol 1.x, binary protobuf)."""

import logging
from collections.abc import Mapping

from opentelemetry.exporter.otlp.proto.http import trace_exporter

from gateway.telemetry.span_queue import SpanQueue


def otlp_queue(url: str, headers: Mapping[str, str], authorities: str | None, timeout_s: float) -> SpanQueue:
    """Give a queue that exports to a collector.

    Args:
        url: takes spans, `…/v1/traces`.
        headers: of each request.
        authorities: file or folder with the certificates that are trusted, or None for the library's.
        timeout_s: of one batch, with its retries, seconds.
    """
    exporter = trace_exporter.OTLPSpanExporter(
        endpoint=url, headers=headers, certificate_file=authorities, timeout=timeout_s
    )
    return SpanQueue(exporter, logging.getLogger(trace_exporter.__name__))
