"""Describes changes of subscriptions for the audit trail: their views before and after, as far as they may be shown.

A URL's query often holds a token, so its values are left out; that they changed, the names of the changed fields tell.
"""

from typing import Any

import orjson

from gateway.admin.lifecycle import Clock
from gateway.admin.views import public_view
from gateway.domain.audit import AuditRecord, Difference, differences
from gateway.domain.change_notes import note_change
from gateway.domain.changes import Change, Put
from gateway.domain.subscription import Subscription

HIDDEN = "…"
# They change with everything.
_BOOKKEEPING = frozenset({"revision", "created_at_ms", "updated_at_ms", "state_changed_at_ms"})
# What may have changed without being seen: tokens in the query, sealed values.
_CONFIDENTIAL = ("url", "headers", "client_certificate")


class ChangeTrail:
    """Gives the records of one actor's changes; see `gateway.domain.audit.DescribeChange`.

    Args:
        actor: who makes them.
        clock: gives the present.
        command: the name of the command that makes them, or None.
    """

    def __init__(self, actor: str, clock: Clock, command: str | None = None) -> None:
        self._actor = actor
        self._clock = clock
        self._command = command

    def __call__(self, before: Subscription | None, change: Change) -> AuditRecord | None:
        """Describe a change; None where only egress's own notes are changed."""
        note = note_change(before, change)
        if note is None:
            return None
        after = change.subscription if isinstance(change, Put) else None
        known = after or before
        return AuditRecord(
            self._clock(),
            self._actor,
            note.action,
            self._command,
            note.subscription_id,
            None if known is None else known.tenant,
            note.fields,
            note.revision,
            before=_view_text(before),
            after=_view_text(after),
        )


def audit_view(subscription: Subscription) -> dict[str, Any]:
    """Give a subscription as the trail keeps it: what `gateway subscriptions get` shows, without the query's values."""
    view = public_view(subscription)
    address, mark, query = subscription.url.partition("?")
    return {**view, "url": address + mark + _hidden_values(query)}


def changed_fields(record: AuditRecord) -> list[Difference]:
    """Give the fields of its subscription that a change touched, as far as they may be shown.

    Where only something confidential changed, both sides look alike.
    """
    before, after = _view_of(record.before), _view_of(record.after)
    found = [one for one in differences(before, after) if one.field not in _BOOKKEEPING]
    seen = {one.field for one in found}
    unseen = [name for name in _CONFIDENTIAL if name in record.fields and name not in seen]
    return found + [Difference(name, (before or {}).get(name), (after or {}).get(name)) for name in unseen]


def _view_of(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        view = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None  # not written by the gateway; the entry is shown all the same
    return view if isinstance(view, dict) else None


def _hidden_values(query: str) -> str:
    parts = (part.partition("=") for part in query.split("&"))
    # A part without a name may be the token itself.
    return "&".join(f"{name}={HIDDEN}" if mark else HIDDEN for name, mark, _ in parts) if query else ""


def _view_text(subscription: Subscription | None) -> str | None:
    return None if subscription is None else orjson.dumps(audit_view(subscription)).decode()
