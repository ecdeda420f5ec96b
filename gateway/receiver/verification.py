"""Verifies that a request was signed with a key that the receiver trusts, over the raw body.

Both signature profiles of `gateway.domain.signing` are understood:

    standard   Standard Webhooks: id, timestamp (seconds) and body are signed. Preferred.
    x-webhook  only the body is signed; id and timestamp are the sender's word. Whoever has seen such a request can
               send it again under another id and time.

A request that carries any header of the standard profile has to verify by it: it is never taken down to x-webhook.
A receiver that is only ever sent the standard profile should say so (`profiles`), so that stripping headers off a
request that carried both gains nothing.
"""

import re
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from gateway.domain.errors import InvalidInputError
from gateway.domain.event import check_event_id
from gateway.domain.signing import (
    ID_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    X_ID_HEADER,
    X_SIGNATURE_HEADER,
    X_TIMESTAMP_HEADER,
    signed_content,
)
from gateway.domain.subscription import SignatureProfile
from gateway.receiver.errors import (
    FutureTimestampError,
    InvalidHeaderError,
    InvalidSecretError,
    InvalidSignatureError,
    InvalidTimestampError,
    MissingHeaderError,
    StaleTimestampError,
)
from gateway.receiver.trusted_keys import parse_trusted_keys

DEFAULT_TOLERANCE_S = 300
ALL_PROFILES = frozenset(SignatureProfile)
Headers = Mapping[str, str] | Iterable[tuple[str, str]]

_STANDARD_NAMES = (ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER)
_X_NAMES = (X_ID_HEADER, X_TIMESTAMP_HEADER, X_SIGNATURE_HEADER)
# A canonical decimal number only: int() would also take "+1", " 1", "1_0" and digits of other scripts, and thus two
# spellings of one signed content. 15 digits of milliseconds reach the year 33658.
_DECIMAL = re.compile(r"(?:0|[1-9][0-9]{0,14})\Z")


@dataclass(frozen=True, slots=True)
class VerifiedWebhook:
    """What a verified request says about itself.

    Attributes:
        webhook_id: the event's id, the same on every attempt: de-duplicate on it.
        timestamp_ms: when the attempt was made, milliseconds since the epoch (of whole seconds in `standard`).
        profile: by which profile the request was verified; under x-webhook the other two fields are not signed.
    """

    webhook_id: str
    timestamp_ms: int
    profile: SignatureProfile


class WebhookVerifier:
    """Verifies requests against secrets that are read once. `verify` says what the arguments mean."""

    def __init__(
        self,
        secrets: str | Iterable[str],
        tolerance_s: int = DEFAULT_TOLERANCE_S,
        *,
        profiles: Collection[SignatureProfile] = ALL_PROFILES,
    ) -> None:
        self._keys = parse_trusted_keys(secrets)
        if SignatureProfile.STANDARD not in profiles and not self._keys.hmac_secrets:
            raise InvalidSecretError(
                "the profile x-webhook can't be verified with public keys: it needs an hmac secret"
            )
        self._tolerance_ms = tolerance_s * 1000
        self._profiles = profiles

    def verify(self, headers: Headers, body: bytes, *, now_s: float | None = None) -> VerifiedWebhook:
        """Verify one request; see the function `verify`."""
        now_ms = (time.time() if now_s is None else now_s) * 1000
        values = _signature_headers(headers)
        if self._is_standard(values):
            return self._verify_standard(values, body, now_ms)
        return self._verify_x_webhook(values, body, now_ms)

    def _is_standard(self, values: Mapping[str, str]) -> bool:
        if SignatureProfile.X_WEBHOOK not in self._profiles:
            return True
        if SignatureProfile.STANDARD not in self._profiles:
            return False
        return any(name in values for name in _STANDARD_NAMES) or not any(name.lower() in values for name in _X_NAMES)

    def _verify_standard(self, values: Mapping[str, str], body: bytes, now_ms: float) -> VerifiedWebhook:
        webhook_id, timestamp, signatures = _required(values, _STANDARD_NAMES)
        timestamp_s = _parse_timestamp(TIMESTAMP_HEADER, timestamp)
        self._check_age(timestamp_s * 1000, now_ms)
        _refuse_unless(self._keys.fit_entries(signatures, signed_content(webhook_id, timestamp_s, body)))
        return VerifiedWebhook(webhook_id, timestamp_s * 1000, SignatureProfile.STANDARD)

    def _verify_x_webhook(self, values: Mapping[str, str], body: bytes, now_ms: float) -> VerifiedWebhook:
        webhook_id, timestamp, signature = _required(values, _X_NAMES)
        timestamp_ms = _parse_timestamp(X_TIMESTAMP_HEADER, timestamp)
        self._check_age(timestamp_ms, now_ms)
        _refuse_unless(self._keys.fit_body_hex(signature, body))
        return VerifiedWebhook(webhook_id, timestamp_ms, SignatureProfile.X_WEBHOOK)

    def _check_age(self, timestamp_ms: int, now_ms: float) -> None:
        age_ms = now_ms - timestamp_ms
        allowed = f"{self._tolerance_ms / 1000:g} s are allowed"
        if age_ms < -self._tolerance_ms:
            raise FutureTimestampError(f"the request was signed {-age_ms / 1000:.0f} s in the future, {allowed}")
        if not age_ms <= self._tolerance_ms:  # a present that is no number is no reason to accept
            raise StaleTimestampError(f"the request was signed {age_ms / 1000:.0f} s ago, {allowed}")


def verify(
    headers: Headers,
    body: bytes,
    secrets: str | Iterable[str],
    tolerance_s: int = DEFAULT_TOLERANCE_S,
    *,
    profiles: Collection[SignatureProfile] = ALL_PROFILES,
    now_s: float | None = None,
) -> VerifiedWebhook:
    """Verify the signature of one webhook request.

    Args:
        headers: the request's headers, as a mapping or as pairs; names in any case.
        body: the raw body, byte for byte as it came; never parsed and written again. A str is a TypeError.
        secrets: what to verify with, one or several during a rotation: secrets (`whsec_<base64>`, or only the base64)
            and public keys (`whpk_<base64>`).
        tolerance_s: how far the timestamp may be off the receiver's clock, in seconds, both ways.
        profiles: the signature profiles that are accepted.
        now_s: the present, seconds since the epoch; the clock's time if left out.

    Raises:
        WebhookVerificationError: the request can't be trusted; its subclass and `reason` say why.
        InvalidSecretError: a secret is not one, or there is none: the receiver is misconfigured.
    """
    return WebhookVerifier(secrets, tolerance_s, profiles=profiles).verify(headers, body, now_s=now_s)


def _refuse_unless(fits: bool) -> None:  # noqa: FBT001 - the verdict itself
    if not fits:
        raise InvalidSignatureError("no signature of the request fits the body and the secrets")


def _signature_headers(headers: Headers) -> dict[str, str]:
    """Pick the headers of both profiles by lower-case name; one that occurs twice has no one meaning."""
    wanted = {name.lower() for name in (*_STANDARD_NAMES, *_X_NAMES)}
    values: dict[str, str] = {}
    for name, value in headers.items() if isinstance(headers, Mapping) else headers:
        key = name.lower()
        if key not in wanted:
            continue
        if key in values:
            raise InvalidHeaderError(f"the header {key} occurs more than once")
        values[key] = value
    return values


def _required(values: Mapping[str, str], names: tuple[str, str, str]) -> tuple[str, str, str]:
    """Give id, timestamp and signature of one profile."""
    for name in names:
        if not values.get(name.lower()):
            raise MissingHeaderError(f"the header {name} is missing")
    webhook_id, timestamp, signature = (values[name.lower()] for name in names)
    try:
        return check_event_id(webhook_id), timestamp, signature
    except InvalidInputError:
        raise InvalidHeaderError(f"the header {names[0]} is no id: printable ASCII without spaces") from None


def _parse_timestamp(name: str, text: str) -> int:
    if _DECIMAL.match(text) is None:
        raise InvalidTimestampError(f"the header {name} is not a plain number")
    return int(text)
