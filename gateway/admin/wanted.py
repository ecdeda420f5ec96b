"""Manifest entries that keep the rules: what is wanted, ready to be compared with what is there."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from gateway.admin.definition import Definition, DefinitionRules
from gateway.admin.field_errors import FieldError
from gateway.admin.manifest import ManifestEntry, refuse_problems
from gateway.domain.custom_headers import GivenHeader
from gateway.domain.errors import InvalidInputError
from gateway.domain.event import check_tenant
from gateway.domain.secret import SigningSecret, parse_secret
from gateway.domain.subscription import SubscriptionState, check_subscription_id


@dataclass(frozen=True, slots=True)
class Wanted:
    """A subscription as a manifest wants it.

    Attributes:
        subscription_id: its id.
        tenant: its tenant.
        attributes: checked attributes of a Subscription; what depends on each other is not settled, and what is
            confidential not sealed yet.
        state: the state it shall have, or None to leave it.
        secret: the signing secret it shall have, or None to leave it or have one made.
    """

    subscription_id: str
    tenant: str
    attributes: dict[str, Any]
    state: SubscriptionState | None
    secret: SigningSecret | None


def check_entries(entries: Sequence[ManifestEntry], rules: DefinitionRules, name: str) -> tuple[Wanted, ...]:
    """Check every entry by the rules; the first problem of each is named.

    Args:
        entries: in the order of the file.
        rules: the deployment's.
        name: what messages call the file.

    Raises:
        InvalidInputError: entries break rules.
    """
    wanted: list[Wanted] = []
    problems: list[str] = []
    for position, entry in enumerate(entries):
        try:
            wanted.append(_check_entry(entry, rules))
        except InvalidInputError as error:
            field = f"{error.field}: " if isinstance(error, FieldError) else ""
            hint = f" ({error.hint})" if error.hint else ""
            problems.append(f"subscriptions[{position}] ({entry.id}): {field}{error.message}{hint}")
    refuse_problems(name, problems)
    return tuple(wanted)


def _check_entry(entry: ManifestEntry, rules: DefinitionRules) -> Wanted:
    definition = Definition(
        url=entry.url,
        event_types=tuple(entry.event_types),
        description=entry.description,
        signature_profiles=tuple(entry.signature_profiles),
        timeout_s=entry.timeout_s,
        max_in_flight=entry.max_in_flight,
        rate_limit=entry.rate_limit,
        rate_burst=entry.rate_burst,
        order=entry.order,
        retry_policy=entry.retry_policy,
        fail_fast=entry.fail_fast,
        headers=tuple(GivenHeader(name, _text_of(value)) for name, value in entry.headers.items()),
        ca_bundle=entry.ca_bundle or "",
        client_certificate=entry.client_certificate or "",
        client_key=_text_of(entry.client_key),
        pins=None if entry.pins is None else tuple(entry.pins.items()),
        follow_latest=entry.follow_latest,
        content_mode=entry.content_mode,
        filter=entry.filter or "",
        on_filter_error=entry.on_filter_error,
        sensitive_grants=tuple(entry.sensitive_grants),
        transform="" if entry.transform is None else json.dumps(entry.transform, ensure_ascii=False),
    )
    return Wanted(
        subscription_id=check_subscription_id(entry.id),
        tenant=check_tenant(entry.tenant),
        attributes=rules.check(definition),
        state=SubscriptionState(entry.state) if entry.state else None,
        secret=parse_secret(entry.secret.get_secret_value()) if entry.secret else None,
    )


def _text_of(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
