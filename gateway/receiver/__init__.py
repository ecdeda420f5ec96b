"""For services that receive webhooks: `verify`, with what it returns and raises. Imports no web framework."""

from gateway.receiver.errors import (
    FutureTimestampError,
    InvalidHeaderError,
    InvalidSecretError,
    InvalidSignatureError,
    InvalidTimestampError,
    MissingHeaderError,
    StaleTimestampError,
    WebhookVerificationError,
)
from gateway.receiver.verification import VerifiedWebhook, verify

__all__ = [
    "FutureTimestampError",
    "InvalidHeaderError",
    "InvalidSecretError",
    "InvalidSignatureError",
    "InvalidTimestampError",
    "MissingHeaderError",
    "StaleTimestampError",
    "VerifiedWebhook",
    "WebhookVerificationError",
    "verify",
]
