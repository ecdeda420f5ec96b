"""One delivery sent again whatever became of it: begun again like a replay, from the record that holds its body."""

from collections.abc import Sequence
from dataclasses import replace

from gateway.domain.delivery import Delivery
from gateway.domain.errors import ConflictError
from gateway.domain.subscription import Subscription, SubscriptionState
from gateway.domain.topics import DEAD_LETTERS, REPLAY_DELIVERIES
from gateway.kafka.config import KafkaConfig
from gateway.kafka.confirmed_writer import ConfirmedWriter
from gateway.kafka.producer import OutRecord
from gateway.wire.records import delivery_codec


def choose_record(subscription: Subscription, records: Sequence[Delivery]) -> Delivery:
    """Give the record of a delivery from which it is sent again: the newest that has a body.

    Args:
        subscription: to whom, as it is now.
        records: what there still is of the delivery, in any order.

    Raises:
        ConflictError: nothing is sent to the subscription, or there is no body any more, or never was one.
    """
    if subscription.state is SubscriptionState.DISABLED:
        raise ConflictError(
            f"subscription '{subscription.subscription_id}' is disabled: what is sent to it would become a dead letter",
            hint="resume it first",
        )
    with_body = [record for record in records if record.body]
    if not with_body:
        raise ConflictError(
            "there is no body to send: Kafka keeps it no longer, or none could be made",
            hint="replay its event, or publish it again",
        )
    return max(with_body, key=lambda record: (record.planned_at_ms, record.dead_lettered_at_ms or 0))


def resend(config: KafkaConfig, record: Delivery, *, is_dead_letter: bool, now_ms: int) -> None:
    """Begin a delivery again; it is in Kafka when this returns.

    Args:
        config: how to reach the cluster.
        record: from which, see `choose_record`.
        is_dead_letter: it waits among the dead letters, and has to be marked there.
        now_ms: the present, milliseconds since the epoch.

    Raises:
        UnavailableError: Kafka does not confirm it.
    """
    # A clock that is behind must not date it before what was known.
    begun = record.replayed(max(now_ms, record.planned_at_ms + 1, record.dead_lettered_at_ms or 0))
    key, writer = record.subscription_id.encode(), ConfirmedWriter(config)
    writer.write([OutRecord(REPLAY_DELIVERIES, key, delivery_codec().encode(begun))])
    if is_dead_letter:  # as every replay of one leaves it, see `gateway.replay.replayer`
        writer.write([OutRecord(DEAD_LETTERS, key, delivery_codec().encode(replace(begun, body=b"")))])
