"""Who makes changes in this process, and the stores and entries that say so in the audit trail."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import orjson

from gateway.admin.audit_trail import ChangeTrail
from gateway.domain.audit import ActionTarget, AuditRecord
from gateway.domain.changes import ChangeStore
from gateway.kafka.audit_log import write_audit
from gateway.kafka.config import KafkaConfig
from gateway.kafka.subscription_store import SubscriptionStore
from gateway.telemetry.audited_store import AuditedStore
from gateway.telemetry.clock import now_ms


@dataclass(frozen=True, slots=True)
class Actor:
    """Who has something done.

    Attributes:
        name: `GATEWAY_ACTOR`, `user@host`, `egress`, or a caller of the console, like `token:ci`.
        command: the name of the command, without its arguments; None where there is none.
    """

    name: str
    command: str | None = None


def audited_store(
    config: KafkaConfig, actor: Actor, *, turn: AbstractContextManager[object] | None = None
) -> ChangeStore:
    """Give what writes subscriptions, each change with its entry in the audit trail and its line in the log.

    Args:
        config: how to reach Kafka.
        actor: who makes the changes.
        turn: has the stores of a process take turns instead of fencing each other.
    """
    trail = ChangeTrail(actor.name, now_ms, actor.command)
    return AuditedStore(SubscriptionStore(config, trail, turn=turn), actor.name)


def audit_action(config: KafkaConfig, actor: Actor, action: str, targets: Sequence[ActionTarget]) -> None:
    """Write the entries of what is about to be done and is no change of a subscription; do it when this returns.

    Args:
        config: how to reach Kafka.
        actor: who has it done.
        action: what, like `dead_letters_replayed`.
        targets: to what; one entry each, at least one.

    Raises:
        UnavailableError: Kafka does not confirm them; do nothing then.
        GatewayError: Kafka refuses them.
    """
    at_ms = now_ms()
    records = [
        AuditRecord(
            at_ms,
            actor.name,
            action,
            actor.command,
            target.subscription_id,
            target.tenant,
            details=orjson.dumps(target.details).decode() if target.details else None,
        )
        for target in targets
    ]
    write_audit(config, records)
