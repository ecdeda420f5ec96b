"""Why a request is not taken for a webhook, as types and as fixed words.

A `WebhookVerificationError` is about the request: answer 401. An `InvalidSecretError` is about the receiver's own
configuration and is no verification error, so that it is never mistaken for a forged request.

    WebhookVerificationError
    ├── MissingHeaderError      a header of the profile is not there
    ├── InvalidHeaderError      a header is there twice, or can't be what a sender meant
    ├── InvalidTimestampError   the timestamp is not a plain number
    ├── StaleTimestampError     it is too old: perhaps a replayed request
    ├── FutureTimestampError    it is too far ahead: one of the clocks is wrong
    └── InvalidSignatureError   no signature was made with any of the secrets over this very body
"""

from gateway.domain.errors import InvalidInputError


class WebhookVerificationError(Exception):
    """The request can't be trusted.

    Attributes:
        reason: one of a few fixed words, for answers, logs and metrics.
    """

    reason = "unverified"


class MissingHeaderError(WebhookVerificationError):
    """A header that the signature profile needs is missing."""

    reason = "missing_header"


class InvalidHeaderError(WebhookVerificationError):
    """A signature header occurs more than once, or its value is of no possible form."""

    reason = "invalid_header"


class InvalidTimestampError(WebhookVerificationError):
    """The timestamp header is not a plain decimal number of a sensible size."""

    reason = "invalid_timestamp"


class StaleTimestampError(WebhookVerificationError):
    """The timestamp is older than the tolerance."""

    reason = "stale_timestamp"


class FutureTimestampError(WebhookVerificationError):
    """The timestamp is further ahead than the tolerance."""

    reason = "future_timestamp"


class InvalidSignatureError(WebhookVerificationError):
    """No signature of the request fits any of the secrets."""

    reason = "invalid_signature"


class InvalidSecretError(InvalidInputError, ValueError):
    """A secret given by the receiver itself can't be used. The message never repeats the secret."""
