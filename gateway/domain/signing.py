"""Step ⑤: the signature headers of one attempt.

Profiles:
    standard   Standard Webhooks: `webhook-id`, `webhook-timestamp` (seconds), `webhook-signature`: one entry for each
               secret, separated by spaces: `v1,` and the base64 HMAC-SHA256, or `v1a,` and the base64 ed25519
               signature, of `{id}.{timestamp}.{body}`.
    x-webhook  `X-Webhook-ID`, `X-Webhook-Timestamp` (milliseconds), `X-Webhook-Signature`: the hex HMAC-SHA256 of
               the raw body. With several HMAC secrets the newest one signs: the header holds one value.
"""

import base64
from collections.abc import Collection, Iterable, Sequence

from gateway.domain.errors import InvalidInputError
from gateway.domain.secret import HmacSecret, SecretType, SigningSecret
from gateway.domain.subscription import SignatureProfile

ID_HEADER = "webhook-id"
TIMESTAMP_HEADER = "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"
X_ID_HEADER = "X-Webhook-ID"
X_TIMESTAMP_HEADER = "X-Webhook-Timestamp"
X_SIGNATURE_HEADER = "X-Webhook-Signature"


def signed_content(webhook_id: str, timestamp_s: int, body: bytes) -> bytes:
    """Give what is signed in the standard profile (Standard Webhooks, "Signature scheme")."""
    return b"%b.%d.%b" % (webhook_id.encode(), timestamp_s, body)


def sign_entry(secret: SigningSecret, content: bytes) -> str:
    """Give one entry of the `webhook-signature` header: version, comma and base64."""
    return f"{secret.version},{base64.b64encode(secret.sign(content)).decode()}"


def sign_standard(secrets: Iterable[SigningSecret], webhook_id: str, timestamp_s: int, body: bytes) -> str:
    """Give the `webhook-signature` value: an entry of each secret, in their order."""
    content = signed_content(webhook_id, timestamp_s, body)
    return " ".join([sign_entry(secret, content) for secret in secrets])


def sign_body_hex(secret: HmacSecret, body: bytes) -> str:
    """Give the `X-Webhook-Signature` value: lower-case hex HMAC-SHA256 of the raw body."""
    return secret.sign(body).hex()


def check_signable(profiles: Collection[SignatureProfile], types: Collection[SecretType]) -> None:
    """Check that secrets of these types can sign by these profiles.

    Raises:
        InvalidInputError: they can't.
    """
    if SignatureProfile.X_WEBHOOK in profiles and SecretType.HMAC not in types:
        raise _needs_hmac()


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

    Raises:
        InvalidInputError: the secrets can't sign by a profile; see `check_signable`.
    """
    headers: dict[str, str] = {}
    for profile in profiles:
        match profile:
            case SignatureProfile.STANDARD:
                timestamp_s = now_ms // 1000
                headers[ID_HEADER] = webhook_id
                headers[TIMESTAMP_HEADER] = str(timestamp_s)
                headers[SIGNATURE_HEADER] = sign_standard(secrets, webhook_id, timestamp_s, body)
            case SignatureProfile.X_WEBHOOK:
                headers[X_ID_HEADER] = webhook_id
                headers[X_TIMESTAMP_HEADER] = str(now_ms)
                headers[X_SIGNATURE_HEADER] = sign_body_hex(_newest_hmac(secrets), body)
    return headers


def _newest_hmac(secrets: Sequence[SigningSecret]) -> HmacSecret:
    for secret in secrets:
        if isinstance(secret, HmacSecret):
            return secret
    raise _needs_hmac()


def _needs_hmac() -> InvalidInputError:
    return InvalidInputError(
        "the signature profile x-webhook needs an hmac secret", hint="use the profile standard, or an hmac secret"
    )
