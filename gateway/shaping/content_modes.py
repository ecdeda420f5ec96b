"""What stands around an event's data in a request: the content modes.

    webhook             JSON {"id","type","timestamp","data"}: see `gateway.wire.rendering`
    cloudevents         a CloudEvents 1.0 envelope in its JSON format (structured mode of the HTTP binding)
    cloudevents-binary  the data alone, the CloudEvents attributes in `ce-` headers (binary mode of the HTTP binding)
    data                the data alone
    avro                the data alone, in Avro's single-object encoding

Where the body is the data alone and no `ce-` header says so, two headers of the gateway's own name the event's type and
time. All modes write data in the same JSON; docs/content-modes.md describes it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gateway.domain.content_headers import (
    AVRO_TYPE,
    CLOUDEVENTS_PREFIX,
    CLOUDEVENTS_TYPE,
    EVENT_TIME_HEADER,
    EVENT_TYPE_HEADER,
)
from gateway.domain.event import Event
from gateway.domain.subscription import ContentMode
from gateway.wire.moments import moment_text
from gateway.wire.rendering import CONTENT_TYPE, render_data, render_webhook

# Of all headers of one body together. Many servers refuse requests with more than 8 or 16 KiB of headers.
MAX_CONTENT_HEADERS_CHARS = 8192

# What CloudEvents' HTTP binding 1.0.2, section 3.1.3.2, wants percent-encoded: all but visible ASCII, and " and %.
_ENCODED = re.compile(r"[^\x21\x23\x24\x26-\x7e]")


@dataclass(frozen=True, slots=True)
class Content:
    """What a request carries.

    Attributes:
        body: its body.
        content_type: the body's media type.
        headers: request headers that belong to the body, as (name, value) pairs; printable ASCII.
    """

    body: bytes
    content_type: str
    headers: tuple[tuple[str, str], ...] = ()

    def excess(self, max_body_bytes: int) -> str | None:
        """Say what of it is too large to be sent, or None.

        Args:
            max_body_bytes: how many bytes a body may have.
        """
        if len(self.body) > max_body_bytes:
            return f"its body has {len(self.body)} bytes, the limit is {max_body_bytes}"
        if not self.headers:
            return None
        chars = sum(len(name) + len(value) for name, value in self.headers)
        if chars > MAX_CONTENT_HEADERS_CHARS:
            return f"the headers of its body have {chars} characters, the limit is {MAX_CONTENT_HEADERS_CHARS}"
        return None


def render_content(mode: ContentMode, event: Event, version: int | None, data: Any) -> Content:
    """Give the content of a request in one of the modes that write JSON.

    Args:
        mode: any mode but AVRO.
        event: whose id, type, time and so on stand around the data.
        version: the schema version that the data is in; None where a transform has given it another shape.
        data: the decoded data, or what a transform made of it.

    Raises:
        TypeError: a value of a type that no Avro schema decodes to.
    """
    return _RENDERERS[mode](event, version, data)


def avro_content(event: Event, body: bytes) -> Content:
    """Give the content of a request in the mode AVRO.

    Args:
        event: whose type and time the headers say.
        body: its data in single-object encoding: see `gateway.shaping.avro_bodies`.
    """
    return Content(body, AVRO_TYPE, _plain_headers(event))


def schema_urn(event_type: str, version: int) -> str:
    """Name a version of an event type, as CloudEvents' `dataschema` does."""
    return f"urn:webhook-gateway:schema:{event_type}:{version}"


def percent_encoded(value: str) -> str:
    """Write an attribute as a header of CloudEvents' HTTP binding has it (section 3.1.3.2)."""
    return _ENCODED.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), value)


def _webhook(event: Event, version: int | None, data: Any) -> Content:  # noqa: ARG001 - a renderer
    return Content(render_webhook(event, data), CONTENT_TYPE)


def _cloudevents(event: Event, version: int | None, data: Any) -> Content:
    envelope = {**_attributes(event, version), "datacontenttype": CONTENT_TYPE, "data": data}
    return Content(render_data(envelope), CLOUDEVENTS_TYPE)


def _cloudevents_binary(event: Event, version: int | None, data: Any) -> Content:
    headers = tuple(
        (CLOUDEVENTS_PREFIX + name, percent_encoded(value)) for name, value in _attributes(event, version).items()
    )
    return Content(render_data(data), CONTENT_TYPE, headers)


def _data(event: Event, version: int | None, data: Any) -> Content:  # noqa: ARG001 - a renderer
    return Content(render_data(data), CONTENT_TYPE, _plain_headers(event))


def _attributes(event: Event, version: int | None) -> dict[str, str]:
    """Give the CloudEvents attributes but for `datacontenttype`, which each mode says in its own way.

    `traceparent` is the extension for distributed tracing: the trace that the event began in, the same on every hop.
    """
    attributes = {
        "specversion": "1.0",
        "id": event.event_id,
        "source": event.source,
        "type": event.event_type,
        "time": moment_text(event.time_ms),
    }
    if event.subject is not None:
        attributes["subject"] = event.subject
    if version is not None:
        attributes["dataschema"] = schema_urn(event.event_type, version)
    if event.traceparent is not None:
        attributes["traceparent"] = event.traceparent
    return attributes


def _plain_headers(event: Event) -> tuple[tuple[str, str], ...]:
    return ((EVENT_TYPE_HEADER, event.event_type), (EVENT_TIME_HEADER, moment_text(event.time_ms)))


_RENDERERS: dict[ContentMode, Callable[[Event, int | None, Any], Content]] = {
    ContentMode.WEBHOOK: _webhook,
    ContentMode.CLOUDEVENTS: _cloudevents,
    ContentMode.CLOUDEVENTS_BINARY: _cloudevents_binary,
    ContentMode.DATA: _data,
}
