"""Subscriptions as people and programs see them: plain values, and of the secrets only how many and how long."""

from typing import Any

from gateway.domain.rate_limit import describe_rate
from gateway.domain.retry import describe_policy
from gateway.domain.subscription import Subscription


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


def public_view(subscription: Subscription) -> dict[str, Any]:
    """Give everything that may be shown of a subscription; times are milliseconds since the epoch."""
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
        "secrets": [
            {"key_id": secret.key_id, "created_at_ms": secret.created_at_ms, "expires_at_ms": secret.expires_at_ms}
            for secret in subscription.secrets
        ],
    }
