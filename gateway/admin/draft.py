"""A definition that is still being written: all that is wrong with it, field by field, and what it would make.

Nothing is written, and what is sealed is for nobody. Nothing is opened either: whether a new certificate fits the
private key that is there shows when it is written.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

from gateway.admin.definition import STANDARD_POLICY_NAME, Definition, DefinitionRules
from gateway.admin.field_errors import FieldError
from gateway.admin.sealed_parts import PartSealer
from gateway.domain.errors import GatewayError, InvalidInputError
from gateway.domain.subscription import CustomHeader, Sealed, Subscription
from gateway.shaping.cel_messages import ExpressionError
from gateway.wire.sealing import KEY_BYTES, KeyRing

# What belongs together: where one of them is wrong, nothing can be said of the others.
_TOGETHER = (
    frozenset({"headers", "removed_headers"}),
    frozenset({"sensitive_grants", "removed_grants"}),
    frozenset({"rate_limit", "rate_burst"}),
    frozenset({"client_certificate", "client_key"}),
)
_NOTHING = Sealed("", b"")
_SEALED_OR_CHECKED_THEN = ("headers", "client_certificate", "ca_bundle")
_NOBODYS_KEYS = KeyRing({"nobody": bytes(KEY_BYTES)})
_NEEDED = {"url": "a subscription needs a url", "event_types": "at least one event type is needed"}


@dataclass(frozen=True, slots=True)
class Draft:
    """What a definition comes to.

    Attributes:
        faults: what is wrong with it, at most one for each field.
        subscription: what it would make, without anything sealed, and without what is wrong; None where what is left
            is too little.
    """

    faults: tuple[FieldError, ...]
    subscription: Subscription | None


def draft_of(
    rules: DefinitionRules,
    definition: Definition,
    current: Subscription | None,
    *,
    subscription_id: str,
    tenant: str,
    now_ms: int,
) -> Draft:
    """Say what a definition comes to.

    Args:
        rules: those that it has to keep.
        definition: what is written so far.
        current: the subscription that is changed; None for a new one.
        subscription_id: of a new one.
        tenant: of a new one.
        now_ms: the present, milliseconds since the epoch: certificates expire.
    """
    faults: dict[str, FieldError] = {}
    if current is None:
        definition = replace(definition, retry_policy=definition.retry_policy or STANDARD_POLICY_NAME)
        for name, message in _NEEDED.items():
            if not getattr(definition, name):
                faults[name] = FieldError(name, InvalidInputError(message))
    attributes = _checked(rules, definition, current, faults)
    if attributes is None or (current is None and "url" not in attributes):
        return Draft(tuple(faults.values()), None)
    for fault in _faults_of_parts(attributes, current, now_ms):
        faults.setdefault(fault.field, fault)
    shown = _shown(attributes)
    if current is not None:
        return Draft(tuple(faults.values()), replace(current, **shown))
    new = Subscription(subscription_id, tenant, secrets=(), created_at_ms=0, updated_at_ms=0, **shown)
    return Draft(tuple(faults.values()), new)


def position_of(error: BaseException | None) -> int | None:
    """Give the index of the character of an expression that an error is about; None where it is about no place."""
    while error is not None:
        if isinstance(error, ExpressionError):
            return error.at
        error = error.__cause__
    return None


def _checked(
    rules: DefinitionRules, definition: Definition, current: Subscription | None, faults: dict[str, FieldError]
) -> dict[str, Any] | None:
    """Take out what is wrong until the rest is right; None where that is not enough for a subscription."""
    for _ in fields(Definition):
        try:
            attributes = rules.check(definition, current=current)
            if current is None and "event_types" not in attributes:
                return None
            return rules.settled(attributes, current)
        except FieldError as error:
            faults.setdefault(error.field, error)
            without = _without(definition, error.field)
            if without == definition:
                break
            definition = without
    return None


def _without(definition: Definition, field: str) -> Definition:
    """Leave a field out, and what can't be without it."""
    left_out = next((group for group in _TOGETHER if field in group), {field})
    changed = replace(definition, **dict.fromkeys(left_out))
    if field == "pins" and definition.event_types is not None:
        # A pin may be in an event type, like order.created@9.
        bare = tuple(pattern.partition("@")[0] for pattern in definition.event_types)
        changed = replace(changed, event_types=bare)
    return changed


def _faults_of_parts(attributes: dict[str, Any], current: Subscription | None, now_ms: int) -> Iterator[FieldError]:
    """Tell what is found wrong when parts are sealed, by sealing them for nobody."""
    sealer = PartSealer(lambda: _NOBODYS_KEYS, lambda: now_ms)
    for name in _SEALED_OR_CHECKED_THEN:
        if name not in attributes:
            continue
        try:
            sealer.sealed({name: attributes[name]}, tenant="", subscription_id="", current=current)
        except InvalidInputError as error:
            yield FieldError(name, error)
        except GatewayError:  # what is there opens with the deployment's keys only
            continue


def _shown(attributes: dict[str, Any]) -> dict[str, Any]:
    shown = {name: value for name, value in attributes.items() if name != "client_certificate"}
    if "headers" in shown:
        shown["headers"] = tuple(CustomHeader(header.name, _NOTHING) for header in shown["headers"])
    return shown
