"""Signing secrets over a subscription's life: made or imported, rotated with an overlap, retired, never shown again.

A subscription has secrets of one type, or of both while its receiver changes over from one to the other. Each type is
rotated by itself. What type a sealed secret has is seen when it is opened; one that does not open signs nothing.
"""

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.domain.errors import ConflictError, InvalidInputError
from gateway.domain.secret import (
    GENERATED_BYTES,
    SEED_BYTES,
    Ed25519Secret,
    HmacSecret,
    SecretType,
    SigningSecret,
    parse_secret,
)
from gateway.domain.subscription import MAX_SECRETS, SealedSecret, Subscription
from gateway.wire.sealing import KeyMissingError, KeyRing, SealBrokenError

MAX_OVERLAP_MS = 30 * 86_400_000


@dataclass(frozen=True, slots=True)
class HeldSecret:
    """One of a subscription's secrets.

    Attributes:
        sealed: as it lies in the topic.
        secret: what it is, or None where it does not open.
    """

    sealed: SealedSecret
    secret: SigningSecret | None

    @property
    def type(self) -> SecretType | None:
        """Its type, or None where it does not open."""
        return None if self.secret is None else self.secret.type

    @property
    def is_current(self) -> bool:
        """Whether it signs without an end."""
        return self.sealed.expires_at_ms is None


def new_secret(secret_type: SecretType) -> SigningSecret:
    """Make a secret at random."""
    match secret_type:
        case SecretType.HMAC:
            return HmacSecret(secrets.token_bytes(GENERATED_BYTES))
        case SecretType.ED25519:
            return Ed25519Secret(secrets.token_bytes(SEED_BYTES))


def given_secret(text: str, secret_type: SecretType | None) -> SigningSecret:
    """Read the secret that a user gives, and who may have said of which type it is.

    Raises:
        InvalidInputError: the text is no secret, or of the other type; the message does not repeat it.
    """
    secret = parse_secret(text)
    if secret_type not in {None, secret.type}:
        raise InvalidInputError(f"the secret that is given has the type {secret.type.value}")
    return secret


def held_secrets(key_ring: KeyRing, subscription: Subscription) -> tuple[HeldSecret, ...]:
    """Open each of a subscription's secrets, as far as it opens."""
    return tuple(HeldSecret(sealed, _open(key_ring, subscription, sealed)) for sealed in subscription.secrets)


def current_types(held: Sequence[HeldSecret]) -> set[SecretType]:
    """Tell of which types there are secrets that sign without an end."""
    return {one.secret.type for one in held if one.is_current and one.secret is not None}


def type_to_rotate(held: Sequence[HeldSecret]) -> SecretType:
    """Tell which type is meant when nobody says it: the one there is.

    Raises:
        InvalidInputError: there are both.
    """
    types = current_types(held)
    if len(types) > 1:
        raise InvalidInputError(
            "the subscription has secrets of both types", hint="say which to rotate: --secret-type hmac or ed25519"
        )
    return types.pop() if types else SecretType.HMAC


def rotated(
    held: Sequence[HeldSecret], new: SealedSecret, secret_type: SecretType, *, now_ms: int, overlap_ms: int
) -> tuple[SealedSecret, ...]:
    """Put a new secret in front; the old ones of its type sign on for `overlap_ms`, or less if they end before.

    Those of the other type stay. Those that don't open end with the old ones, of whatever type they are: nothing is
    signed with them, and they would stay for ever.

    Args:
        held: the secrets so far.
        new: the new one.
        secret_type: its type.
        now_ms: the present.
        overlap_ms: how long the old ones sign on, in milliseconds.

    Raises:
        InvalidInputError: the overlap is negative or longer than 30 days.
        ConflictError: too many secrets would sign at once.
    """
    kept = _ended(held, {secret_type, None}, now_ms=now_ms, overlap_ms=overlap_ms)
    if len(kept) >= MAX_SECRETS:
        raise ConflictError(
            f"{len(kept)} secrets still sign, and a subscription has at most {MAX_SECRETS}",
            hint="wait until one has expired, or end the old ones at once with --overlap 0",
        )
    return (new, *kept)


def retired(
    held: Sequence[HeldSecret], secret_type: SecretType, *, now_ms: int, overlap_ms: int
) -> tuple[SealedSecret, ...]:
    """End the secrets of one type; those of the other sign on.

    Raises:
        InvalidInputError: the overlap is negative or longer than 30 days.
        ConflictError: there is none of this type, or none of the other.
    """
    types = current_types(held)
    if secret_type not in types:
        raise ConflictError(f"the subscription has no {secret_type.value} secret that could be retired")
    if types == {secret_type}:
        raise ConflictError(
            f"without its {secret_type.value} secrets nothing would sign",
            hint="add one of the other type first: gateway subscriptions rotate-secret --secret-type …",
        )
    return _ended(held, {secret_type}, now_ms=now_ms, overlap_ms=overlap_ms)


def is_current_secret(key_ring: KeyRing, subscription: Subscription, secret: SigningSecret) -> bool:
    """Tell whether `secret` is one that a subscription has now.

    Raises:
        KeyMissingError: the key that one of them is sealed with is not in the ring.
        SealBrokenError: one of them does not open.
    """
    tenant, subscription_id = subscription.tenant, subscription.subscription_id
    current = [
        key_ring.open(sealed, tenant=tenant, subscription_id=subscription_id)
        for sealed in subscription.secrets
        if sealed.expires_at_ms is None
    ]
    return any(hmac.compare_digest(one.text, secret.text) for one in current)


def _open(key_ring: KeyRing, subscription: Subscription, sealed: SealedSecret) -> SigningSecret | None:
    try:
        return key_ring.open(sealed, tenant=subscription.tenant, subscription_id=subscription.subscription_id)
    except (KeyMissingError, SealBrokenError):
        return None


def _ended(
    held: Sequence[HeldSecret], types: set[SecretType | None], *, now_ms: int, overlap_ms: int
) -> tuple[SealedSecret, ...]:
    """Let the secrets of some types end; give all that still sign."""
    if not 0 <= overlap_ms <= MAX_OVERLAP_MS:
        raise InvalidInputError("an overlap is 0 to 30 days")
    end_ms = now_ms + overlap_ms
    left = (_ending(one.sealed, end_ms) if one.type in types else one.sealed for one in held)
    return tuple(sealed for sealed in left if sealed.expires_at_ms is None or sealed.expires_at_ms > now_ms)


def _ending(sealed: SealedSecret, end_ms: int) -> SealedSecret:
    before_ms = sealed.expires_at_ms
    return replace(sealed, expires_at_ms=end_ms if before_ms is None else min(end_ms, before_ms))
