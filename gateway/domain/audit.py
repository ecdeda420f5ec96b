"""The audit trail: who changed what, and what it was before and after. Pure values; nothing in them is secret.

A change of a subscription and its record are written together or not at all (docs/decisions/0046).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.domain.changes import Change
from gateway.domain.subscription import Subscription


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One entry; what does not apply is None.

    Attributes:
        at_ms: when it was decided, milliseconds since the epoch, by the clock of whoever made it.
        actor: who: `GATEWAY_ACTOR`, `user@host`, `egress`, or a caller of the console, like `token:ci`.
        action: of a subscription see `gateway.domain.change_notes`; else what a command did, like
            `dead_letters_replayed`.
        command: the command's name without its arguments, which may be secret.
        subscription_id: whom it concerns.
        tenant: whose that is.
        fields: the names of the fields that changed, in order.
        revision: the subscription's, after the change.
        table_offset: where the change lies in the topic `subscriptions`.
        before: the subscription before, as JSON, as it may be shown.
        after: the same after the change.
        details: what else belongs to the action, as a JSON object.
    """

    at_ms: int
    actor: str
    action: str
    command: str | None = None
    subscription_id: str | None = None
    tenant: str | None = None
    fields: tuple[str, ...] = ()
    revision: int | None = None
    table_offset: int | None = None
    before: str | None = None
    after: str | None = None
    details: str | None = None


@dataclass(frozen=True, slots=True)
class ActionTarget:
    """What something is done to.

    Attributes:
        subscription_id: one subscription; None for many, or none.
        tenant: whose that is.
        details: what else is to be known: plain values, nothing secret.
    """

    subscription_id: str | None = None
    tenant: str | None = None
    details: Mapping[str, object] = field(default_factory=dict)


DescribeChange = Callable[[Subscription | None, Change], AuditRecord | None]
"""Gives the record of a change, from the subscription as the change finds it; None where it is only bookkeeping."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that is another one after a change; None on a side stands for null, or for nothing being there."""

    field: str
    before: Any
    after: Any


def differences(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[Difference]:
    """Give the fields in which two views differ, in the order of the newer view.

    Args:
        before: the view before, None where there was nothing: then every field that says something is new.
        after: the view after, None where nothing is left.
    """
    old, new = before or {}, after or {}
    names = dict.fromkeys((*new, *old))
    found = (Difference(name, old.get(name), new.get(name)) for name in names)
    return [one for one in found if one.before != one.after and not (_is_empty(one.before) and _is_empty(one.after))]


def _is_empty(value: object) -> bool:
    return value is None or value in ("", [], {})
