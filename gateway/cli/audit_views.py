"""How an entry of the audit trail looks: lines for people, an object of JSON."""

from collections.abc import Iterator

import orjson

from gateway.admin.audit_trail import changed_fields
from gateway.domain.audit import AuditRecord, Difference
from gateway.wire.moments import describe_moment

# What tells a subscription from another where all of it is new, or gone.
_SALIENT = ("url", "event_types", "filter")
_SHOWN_CHARS = 160


def audit_json(record: AuditRecord) -> dict[str, object]:
    """Give the object that `--json` prints; times are milliseconds since the epoch."""
    return {
        "at_ms": record.at_ms,
        "actor": record.actor,
        "command": record.command,
        "action": record.action,
        "subscription_id": record.subscription_id,
        "tenant": record.tenant,
        "fields": list(record.fields),
        "revision": record.revision,
        "table_offset": record.table_offset,
        "before": _parsed(record.before),
        "after": _parsed(record.after),
        "differences": [
            {"field": one.field, "before": one.before, "after": one.after} for one in changed_fields(record)
        ],
        "details": _parsed(record.details),
    }


def audit_lines(record: AuditRecord) -> Iterator[str]:
    """Give the lines for people: what was done, then each difference."""
    parts = (
        describe_moment(record.at_ms),
        record.actor,
        record.action,
        record.subscription_id,
        record.tenant and f"tenant {record.tenant}",
        record.revision and f"revision {record.revision}",
        record.command and f"({record.command})",
    )
    yield "  ".join(str(part) for part in parts if part)
    is_whole = record.before is None or record.after is None
    for one in changed_fields(record):
        if not is_whole or one.field in _SALIENT:
            yield f"    {one.field:<20}{_change_text(one)}"
    if record.details is not None:
        yield f"    {'details':<20}{_shortened(record.details)}"


def _change_text(one: Difference) -> str:
    if one.before == one.after:
        return "changed in what is not shown"
    if one.before is None or one.after is None:
        return _value_text(one.after if one.before is None else one.before)
    return f"{_value_text(one.before)} → {_value_text(one.after)}"


def _value_text(value: object) -> str:
    return _shortened(value if isinstance(value, str) else orjson.dumps(value).decode())


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "…"


def _parsed(text: str | None) -> object:
    try:
        return None if text is None else orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
