"""Subscriptions as people and programs see them: plain values, and of the secrets nothing that is secret."""

from collections.abc import Sequence
from typing import Any

from gateway.admin.signing_secrets import HeldSecret
from gateway.domain.rate_limit import describe_rate
from gateway.domain.retry import describe_policy
from gateway.domain.secret import Ed25519Secret
from gateway.domain.subscription import SealedSecret, Subscription


def definition_view(subscription: Subscription) -> dict[str, Any]:
    """Give what is defined of a subscription, by the names and in the order of a manifest."""
    return {
        "id": subscription.subscription_id,
        "tenant": subscription.tenant,
        "description": subscription.description,
        "url": subscription.url,
        "event_types": list(subscription.event_types),
        "signature_profiles": [profile.value for profile in subscription.signature_profiles],
        "timeout_s": subscription.timeout_s,
        "max_in_flight": subscription.max_in_flight,
        "rate_limit": describe_rate(subscription.rate_limit),
        "rate_burst": None if subscription.rate_limit is None else subscription.rate_limit.burst,
        "order": subscription.order.value,
        "retry_policy": describe_policy(subscription.retry_policy),
        "fail_fast": subscription.retry_policy.fail_fast,
    }


def public_view(subscription: Subscription, held: Sequence[HeldSecret] | None = None) -> dict[str, Any]:
    """Give everything that may be shown of a subscription; times are milliseconds since the epoch.

    Args:
        subscription: which one.
        held: its secrets, opened; then their types and public keys are shown, too.
    """
    secrets = (
        [_sealed_view(sealed) for sealed in subscription.secrets]
        if held is None
        else [{**_sealed_view(one.sealed), **_type_view(one)} for one in held]
    )
    return {
        **definition_view(subscription),
        "max_attempts": subscription.retry_policy.max_attempts,
        "state": subscription.state.value,
        "state_reason": subscription.state_reason,
        "state_changed_at_ms": subscription.state_changed_at_ms,
        "failing_since_ms": subscription.failing_since_ms,
        "revision": subscription.revision,
        "created_at_ms": subscription.created_at_ms,
        "updated_at_ms": subscription.updated_at_ms,
        "secrets": secrets,
    }


def _sealed_view(secret: SealedSecret) -> dict[str, Any]:
    return {"key_id": secret.key_id, "created_at_ms": secret.created_at_ms, "expires_at_ms": secret.expires_at_ms}


def _type_view(held: HeldSecret) -> dict[str, Any]:
    """Give a secret's type and, of a key pair, the public key; None where it does not open."""
    public_key = held.secret.public_key.text if isinstance(held.secret, Ed25519Secret) else None
    return {"type": held.type and held.type.value, "public_key": public_key}
