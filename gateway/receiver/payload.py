"""The shape of a webhook's body: `{"id", "type", "timestamp", "data"}`, the gateway's content mode `webhook`.

Checked after the signature: what is wrong here was sent by someone who has the secret.
"""

from dataclasses import dataclass
from typing import Any

import orjson

from gateway.receiver.verification import VerifiedWebhook


class InvalidPayloadError(Exception):
    """The body is signed but has not the shape of a webhook: answer 400, for sending it again helps nothing.

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
        timestamp: when the event happened, RFC 3339, or None where the body does not say.
        data: the event itself.
        webhook: what the verified headers said.
    """

    event_id: str
    event_type: str
    timestamp: str | None
    data: dict[str, Any]
    webhook: VerifiedWebhook


def parse_payload(body: bytes, webhook: VerifiedWebhook) -> ReceivedEvent:
    """Read a verified body.

    Raises:
        InvalidPayloadError: it is not JSON (or nested deeper than the parser goes), not of the shape, or its id is
            not the one in the headers.
    """
    try:
        payload = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidPayloadError(f"the body is not JSON: {error}") from None
    if not isinstance(payload, dict):
        raise InvalidPayloadError("the body is not a JSON object")
    for name in ("id", "type"):
        if not isinstance(payload.get(name), str) or not payload[name]:
            raise InvalidPayloadError(f"'{name}' is not a text")
    if not isinstance(payload.get("data"), dict):
        raise InvalidPayloadError("'data' is not an object")
    timestamp = payload.get("timestamp")
    if timestamp is not None and not isinstance(timestamp, str):
        raise InvalidPayloadError("'timestamp' is not a text")
    if payload["id"] != webhook.webhook_id:
        raise InvalidPayloadError("'id' is not the id in the headers")
    return ReceivedEvent(payload["id"], payload["type"], timestamp, payload["data"], webhook)
