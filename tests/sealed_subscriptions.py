"""Subscriptions with secrets that are really sealed, for tests of the keys."""

import base64
from dataclasses import replace

from gateway.domain.secret import HmacSecret, SigningSecret
from gateway.domain.subscription import ClientCertificate, CustomHeader, SealedSecret, Subscription
from gateway.wire.sealing import CLIENT_KEY_PART, KeyRing, header_part, parse_key_ring
from tests.subscriptions import NOW_MS, subscription

SECRET = HmacSecret(bytes(range(32)))
NEXT_SECRET = HmacSecret(bytes(range(1, 33)))


def ring(*key_ids: str, seed: int = 0) -> KeyRing:
    """Make a key ring, newest first; a key follows from its id and the seed."""
    keys = (base64.b64encode((key_id * 32).encode()[:31] + bytes((seed,))).decode() for key_id in key_ids)
    return parse_key_ring(",".join(f"{key_id}:{key}" for key_id, key in zip(key_ids, keys, strict=True)))


def sealed_by(key_ring: KeyRing, subscription_id: str = "sub_1", *, tenant: str = "default") -> Subscription:
    """Make a subscription with one signing secret."""
    made = subscription(subscription_id, tenant=tenant)
    return replace(made, secrets=(sealed_secret(key_ring, made, SECRET),))


def sealed_secret(
    key_ring: KeyRing, owner: Subscription, secret: SigningSecret, *, expires_at_ms: int | None = None
) -> SealedSecret:
    """Seal a signing secret for a subscription."""
    return key_ring.seal(
        secret,
        tenant=owner.tenant,
        subscription_id=owner.subscription_id,
        now_ms=NOW_MS,
        expires_at_ms=expires_at_ms,
    )


def with_header(key_ring: KeyRing, owner: Subscription, name: str, value: str) -> Subscription:
    """Give a subscription one more custom header."""
    sealed = key_ring.seal_part(value, header_part(name), tenant=owner.tenant, subscription_id=owner.subscription_id)
    return replace(owner, headers=(*owner.headers, CustomHeader(name, sealed)))


def with_client_key(key_ring: KeyRing, owner: Subscription, pem: str) -> Subscription:
    """Give a subscription a client certificate with a private key."""
    sealed = key_ring.seal_part(pem, CLIENT_KEY_PART, tenant=owner.tenant, subscription_id=owner.subscription_id)
    return replace(owner, client_certificate=ClientCertificate("chain", sealed))
