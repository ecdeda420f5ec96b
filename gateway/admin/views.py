"""Subscriptions as people and programs see them: plain values, and of what is sealed nothing that is secret."""

from collections.abc import Sequence
from typing import Any

import orjson

from gateway.admin.signing_secrets import HeldSecret
from gateway.domain.rate_limit import describe_rate
from gateway.domain.retry import describe_policy
from gateway.domain.secret import Ed25519Secret
from gateway.domain.subscription import SealedSecret, Subscription
from gateway.wire.certificates import summaries


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
        "pins": dict(subscription.pins),
        "follow_latest": subscription.follow_latest,
        "content_mode": subscription.content_mode.value,
        "filter": subscription.filter,
        "on_filter_error": subscription.on_filter_error.value,
        "sensitive_grants": list(subscription.sensitive_grants),
        "transform": _transform_view(subscription.transform),
    }


def _transform_view(transform: str | None) -> object:
    try:
        return None if transform is None else orjson.loads(transform)
    except ValueError:
        # Not written by a command, which would have refused it; the rest is shown all the same.
        return transform


def manifest_view(subscription: Subscription) -> dict[str, Any]:
    """Give a subscription as an entry of a manifest: of headers the names, of the client certificate not its key."""
    view = definition_view(subscription)
    if subscription.headers:
        view["headers"] = {header.name: None for header in subscription.headers}
    if subscription.ca_bundle is not None:
        view["ca_bundle"] = subscription.ca_bundle
    if subscription.client_certificate is not None:
        view["client_certificate"] = subscription.client_certificate.chain
    return view


def parts_view(subscription: Subscription) -> dict[str, Any]:
    """Give what may be shown of headers and certificates: names, subjects, fingerprints, ends."""
    shown = subscription.client_certificate
    return {
        "headers": [header.name for header in subscription.headers],
        "ca_bundle": _certificates_view(subscription.ca_bundle),
        "client_certificate": _certificates_view(None if shown is None else shown.chain),
    }


def _certificates_view(pem: str | None) -> list[dict[str, Any]]:
    if pem is None:
        return []
    try:
        found = summaries(pem)
    except ValueError:
        # Not written by a command, which would have refused it; the rest is shown all the same.
        return [{"subject": "not readable", "expires_at_ms": None, "sha256": None}]
    return [
        {"subject": summary.subject, "expires_at_ms": summary.not_after_ms, "sha256": summary.sha256}
        for summary in found
    ]


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
        **parts_view(subscription),
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
