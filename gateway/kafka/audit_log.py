"""The audit trail in its topic, `gateway.audit`: written by those who have something done, listed and followed.

Changes of subscriptions are written by `gateway.kafka.subscription_store`, in the transaction of the change.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.domain.audit import AuditRecord
from gateway.domain.topics import AUDIT
from gateway.kafka.config import KafkaConfig
from gateway.kafka.confirmed_writer import ConfirmedWriter
from gateway.kafka.producer import OutRecord
from gateway.kafka.record_log import RecordKind
from gateway.wire.audit_record import audit_codec


def audit_kind() -> RecordKind[AuditRecord]:
    """Tell what `gateway.kafka.record_log` needs to know of the trail."""
    return RecordKind(AUDIT, audit_codec(), lambda record: record.at_ms)


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries are wanted; None leaves a property open."""

    subscription_id: str | None = None
    actor: str | None = None

    def admits(self, record: AuditRecord) -> bool:
        """Tell whether an entry is wanted."""
        return self.subscription_id in {None, record.subscription_id} and self.actor in {None, record.actor}


def audit_out_record(record: AuditRecord) -> OutRecord:
    """Give the record to produce for an entry."""
    key = None if record.subscription_id is None else record.subscription_id.encode()
    return OutRecord(AUDIT, key, audit_codec().encode(record))


def write_audit(config: KafkaConfig, records: Sequence[AuditRecord]) -> None:
    """Write entries of what a command is about to do, so that it does nothing that the trail does not say.

    Raises:
        UnavailableError: Kafka does not confirm; do nothing then.
        GatewayError: Kafka refuses, or the topic is missing.
    """
    ConfirmedWriter(config).write([audit_out_record(record) for record in records])
