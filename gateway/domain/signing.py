"""Step ⑤: the signature headers of one attempt, and the reverse for receivers.

Profiles:
    standard   Standard Webhooks: `webhook-id`, `webhook-timestamp` (seconds), `webhook-signature`: `v1,` and the
               base64 HMAC-SHA256 of `{id}.{timestamp}.{body}`, one per secret, separated by spaces.
    x-webhook  `X-Webhook-ID`, `X-Webhook-Timestamp` (milliseconds), `X-Webhook-Signature`: the hex HMAC-SHA256 of
               the raw body. With several secrets the newest one signs: the header holds one value.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Sequence

from gateway.domain.secret import SigningSecret
from gateway.domain.subscription import SignatureProfile

ID_HEADER = "webhook-id"
TIMESTAMP_HEADER = "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"
X_ID_HEADER = "X-Webhook-ID"
X_TIMESTAMP_HEADER = "X-Webhook-Timestamp"
X_SIGNATURE_HEADER = "X-Webhook-Signature"
V1 = "v1"


def sign_v1(secret: SigningSecret, webhook_id: str, timestamp_s: int, body: bytes) -> str:
    """Give one `v1,<base64>` entry of the `webhook-signature` header (Standard Webhooks, "Signature scheme")."""
    signed = b"%b.%d.%b" % (webhook_id.encode(), timestamp_s, body)
    return f"{V1}," + base64.b64encode(hmac.digest(secret.key, signed, hashlib.sha256)).decode()


def sign_body_hex(secret: SigningSecret, body: bytes) -> str:
    """Give the `X-Webhook-Signature` value: lower-case hex HMAC-SHA256 of the raw body."""
    return hmac.digest(secret.key, body, hashlib.sha256).hex()


def signature_headers(
    profiles: Iterable[SignatureProfile],
    secrets: Sequence[SigningSecret],
    webhook_id: str,
    body: bytes,
    *,
    now_ms: int,
) -> dict[str, str]:
    """Build the signature headers of one attempt.

    Args:
        profiles: the subscription's signature profiles.
        secrets: the secrets that sign now, newest first; at least one.
        webhook_id: the event id.
        body: the exact bytes that are sent.
        now_ms: the attempt's time, milliseconds since the epoch.
    """
    headers: dict[str, str] = {}
    for profile in profiles:
        match profile:
            case SignatureProfile.STANDARD:
                timestamp_s = now_ms // 1000
                headers[ID_HEADER] = webhook_id
                headers[TIMESTAMP_HEADER] = str(timestamp_s)
                headers[SIGNATURE_HEADER] = " ".join(
                    sign_v1(secret, webhook_id, timestamp_s, body) for secret in secrets
                )
            case SignatureProfile.X_WEBHOOK:
                headers[X_ID_HEADER] = webhook_id
                headers[X_TIMESTAMP_HEADER] = str(now_ms)
                headers[X_SIGNATURE_HEADER] = sign_body_hex(secrets[0], body)
    return headers
