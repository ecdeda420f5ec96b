"""The event of a verified request, in whichever content mode the subscription has.

The mode is the receiver's to say, not the request's: the headers that would tell are not signed, and a body that was
signed as one thing must not be read as another. For the same reason, what a mode says in headers alone (the type, time
and schema version of an event in the modes `cloudevents-binary`, `data` and `avro`) is only as genuine as the
connection.

Checked after the signature: what is wrong here was sent by someone who has the secret.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

import orjson

from gateway.domain.content_headers import (
    CLOUDEVENTS_PREFIX,
    CLOUDEVENTS_TYPE,
    EVENT_TIME_HEADER,
    EVENT_TYPE_HEADER,
    SCHEMA_VERSION_HEADER,
)
from gateway.domain.subscription import ContentMode
from gateway.receiver.verification import VerifiedWebhook

_VERSION = re.compile(r"[1-9][0-9]{0,8}\Z")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"\Z')


class InvalidPayloadError(Exception):
    """The request is signed but has not the shape of its content mode: answer 400, to send it again helps nothing.

    Attributes:
        reason: a fixed word, as in `WebhookVerificationError`.
    """

    reason = "invalid_payload"


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """One event as a receiver gets it.

    Attributes:
        event_id: the same on every attempt and replay.
        event_type: e.g. `order.created`.
        timestamp: when the event happened, RFC 3339, or None where the request does not say.
        data: the event itself, as JSON has it; in the mode `avro` the body's bytes, in single-object encoding.
        webhook: what the verified headers said.
        schema_version: the version of the event type that the data is in, or None where the request does not say.
        attributes: the CloudEvents attributes, those of extensions as well, or None in the other modes.
    """

    event_id: str
    event_type: str
    timestamp: str | None
    data: Any
    webhook: VerifiedWebhook
    schema_version: int | None = None
    attributes: Mapping[str, Any] | None = None


def parse_payload(
    headers: Mapping[str, str], body: bytes, webhook: VerifiedWebhook, mode: ContentMode = ContentMode.WEBHOOK
) -> ReceivedEvent:
    """Read a verified request.

    Args:
        headers: the request's headers; looked up in lower case.
        body: its body.
        webhook: what `verify` gave.
        mode: the subscription's content mode.

    Raises:
        InvalidPayloadError: it has not the shape of the mode, is nested deeper than the parser goes, or its id is not
            the one that was signed.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    version = lowered.get(SCHEMA_VERSION_HEADER, "")
    return ReceivedEvent(
        webhook=webhook,
        schema_version=int(version) if _VERSION.match(version) else None,
        **_PARSERS[mode](lowered, body, webhook),
    )


def _webhook(_: Mapping[str, str], body: bytes, webhook: VerifiedWebhook) -> dict[str, Any]:
    payload = _json_object(body)
    if not isinstance(payload.get("data"), dict):
        raise InvalidPayloadError("'data' is not an object")
    return {**_head(payload, webhook, "timestamp"), "data": payload["data"]}


def _cloudevents(headers: Mapping[str, str], body: bytes, webhook: VerifiedWebhook) -> dict[str, Any]:
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != CLOUDEVENTS_TYPE:
        raise InvalidPayloadError(f"the content type is not {CLOUDEVENTS_TYPE}")
    envelope = _json_object(body)
    if "data" not in envelope:
        raise InvalidPayloadError("'data' is missing")
    data = envelope.pop("data")
    return {**_cloud_event(envelope, webhook), "data": data}


def _cloudevents_binary(headers: Mapping[str, str], body: bytes, webhook: VerifiedWebhook) -> dict[str, Any]:
    attributes = {
        name.removeprefix(CLOUDEVENTS_PREFIX): _attribute(name, value)
        for name, value in headers.items()
        if name.startswith(CLOUDEVENTS_PREFIX)
    }
    return {**_cloud_event(attributes, webhook), "data": _json(body)}


def _data(headers: Mapping[str, str], body: bytes, webhook: VerifiedWebhook) -> dict[str, Any]:
    return {**_plain_head(headers, webhook), "data": _json(body)}


def _avro(headers: Mapping[str, str], body: bytes, webhook: VerifiedWebhook) -> dict[str, Any]:
    return {**_plain_head(headers, webhook), "data": body}


def _plain_head(headers: Mapping[str, str], webhook: VerifiedWebhook) -> dict[str, Any]:
    event_type, time = headers.get(EVENT_TYPE_HEADER), headers.get(EVENT_TIME_HEADER)
    if not event_type:
        raise InvalidPayloadError(f"the header {EVENT_TYPE_HEADER} is missing")
    for name, value in ((EVENT_TYPE_HEADER, event_type), (EVENT_TIME_HEADER, time)):
        if value is not None and not (value.isascii() and value.isprintable()):
            raise InvalidPayloadError(f"the header {name} is not printable ASCII")
    return {"event_id": webhook.webhook_id, "event_type": event_type, "timestamp": time}


def _cloud_event(attributes: Mapping[str, Any], webhook: VerifiedWebhook) -> dict[str, Any]:
    if attributes.get("specversion") != "1.0":
        raise InvalidPayloadError("it is no CloudEvent of version 1.0")
    if not isinstance(attributes.get("source"), str) or not attributes["source"]:
        raise InvalidPayloadError("'source' is not a text")
    return {**_head(attributes, webhook, "time"), "attributes": attributes}


def _head(said: Mapping[str, Any], webhook: VerifiedWebhook, time_name: str) -> dict[str, Any]:
    for name in ("id", "type"):
        if not isinstance(said.get(name), str) or not said[name]:
            raise InvalidPayloadError(f"'{name}' is not a text")
    timestamp = said.get(time_name)
    if timestamp is not None and not isinstance(timestamp, str):
        raise InvalidPayloadError(f"'{time_name}' is not a text")
    if said["id"] != webhook.webhook_id:
        raise InvalidPayloadError("'id' is not the id in the headers")
    return {"event_id": said["id"], "event_type": said["type"], "timestamp": timestamp}


def _json(body: bytes) -> Any:  # noqa: ANN401 - JSON is of any type
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidPayloadError(f"the body is not JSON: {error}") from None


def _json_object(body: bytes) -> dict[str, Any]:
    payload = _json(body)
    if not isinstance(payload, dict):
        raise InvalidPayloadError("the body is not a JSON object")
    return payload


def _attribute(name: str, value: str) -> str:
    """Decode the value of a header as CloudEvents' HTTP binding 1.0.2 has it, section 3.1.3.2."""
    if _QUOTED.match(value):
        value = re.sub(r"\\(.)", r"\1", value[1:-1])
    try:
        return unquote_to_bytes(value).decode()
    except UnicodeError:  # also of bytes that no header should have: aiohttp gives them as lone surrogates
        raise InvalidPayloadError(f"the header {name} is not UTF-8") from None


_PARSERS: dict[ContentMode, Callable[[Mapping[str, str], bytes, VerifiedWebhook], dict[str, Any]]] = {
    ContentMode.WEBHOOK: _webhook,
    ContentMode.CLOUDEVENTS: _cloudevents,
    ContentMode.CLOUDEVENTS_BINARY: _cloudevents_binary,
    ContentMode.DATA: _data,
    ContentMode.AVRO: _avro,
}
