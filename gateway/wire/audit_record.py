"""The codec of `gateway.audit`. Actions are text: one that a newer gateway made up is read like any other."""

from functools import cache
from typing import Any

from gateway.domain.audit import AuditRecord
from gateway.wire.record_codec import RecordCodec, checked_ints


def _to_avro(record: AuditRecord) -> dict[str, Any]:
    return {**{name: getattr(record, name) for name in AuditRecord.__slots__}, "fields": list(record.fields)}


def _from_avro(value: dict[str, Any]) -> AuditRecord:
    return AuditRecord(fields=tuple(value.pop("fields")), **checked_ints(value, "revision"))


@cache
def audit_codec() -> RecordCodec[AuditRecord]:
    """The codec of `gateway.audit`."""
    return RecordCodec("audit", _to_avro, _from_avro)
