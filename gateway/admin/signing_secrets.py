"""Signing secrets over a subscription's life: made or imported, rotated with an overlap, never shown again."""

import hmac
import secrets
from dataclasses import replace

from gateway.domain.errors import ConflictError, InvalidInputError
from gateway.domain.secret import GENERATED_BYTES, HmacSecret, SigningSecret, parse_secret
from gateway.domain.subscription import MAX_SECRETS, SealedSecret, Subscription
from gateway.wire.sealing import KeyRing

MAX_OVERLAP_MS = 30 * 86_400_000


def secret_of(text: str | None) -> SigningSecret:
    """Read the secret that a user gives, or make one.

    Raises:
        InvalidInputError: the text is no secret; the message does not repeat it.
    """
    return HmacSecret(secrets.token_bytes(GENERATED_BYTES)) if text is None else parse_secret(text)


def rotated(
    old: tuple[SealedSecret, ...], new: SealedSecret, *, now_ms: int, overlap_ms: int
) -> tuple[SealedSecret, ...]:
    """Put a new secret in front; the old ones sign on for `overlap_ms` milliseconds, or less if they end before.

    Raises:
        InvalidInputError: the overlap is negative or longer than 30 days.
        ConflictError: too many secrets would sign at once.
    """
    if not 0 <= overlap_ms <= MAX_OVERLAP_MS:
        raise InvalidInputError("an overlap is 0 to 30 days")
    end_ms = now_ms + overlap_ms
    ending = (
        replace(secret, expires_at_ms=end_ms if secret.expires_at_ms is None else min(end_ms, secret.expires_at_ms))
        for secret in old
    )
    kept = tuple(secret for secret in ending if secret.expires_at_ms is not None and secret.expires_at_ms > now_ms)
    if len(kept) >= MAX_SECRETS:
        raise ConflictError(
            f"{len(kept)} secrets still sign, and a subscription has at most {MAX_SECRETS}",
            hint="wait until one has expired, or end the old ones at once with --overlap 0",
        )
    return (new, *kept)


def is_current_secret(key_ring: KeyRing, subscription: Subscription, secret: SigningSecret) -> bool:
    """Tell whether `secret` is the one that a subscription has now.

    Raises:
        KeyMissingError: the key that it is sealed with is not in the ring.
        SealBrokenError: it does not open.
    """
    tenant, subscription_id = subscription.tenant, subscription.subscription_id
    current = key_ring.open(subscription.secrets[0], tenant=tenant, subscription_id=subscription_id)
    return hmac.compare_digest(current.text, secret.text)
