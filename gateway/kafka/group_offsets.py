"""How far a consumer group has come, asked from outside. Reads only: nothing joins the group."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaException, TopicPartition

from gateway.kafka.config import QUIET, KafkaConfig
from gateway.kafka.errors import is_coordinator_moving, translated_errors
from gateway.kafka.partitioning import Partition

STREAM_GROUP_ID = "webhook-gateway-stream"
EGRESS_GROUP_ID = "webhook-gateway-egress"
_TIMEOUT_S = 10.0
_RETRY_S = 0.2


@dataclass(frozen=True, slots=True)
class CommittedOffset:
    """One commit.

    Attributes:
        offset: the next offset to read.
        metadata: what the committer wrote with it.
    """

    offset: int
    metadata: str = ""


def committed_offsets(
    config: KafkaConfig, group_id: str, partitions: Sequence[Partition]
) -> dict[Partition, CommittedOffset]:
    """Give a group's commits; partitions without one are left out.

    Raises:
        UnavailableError: no broker answers.
    """
    consumer = Consumer(config.consumer(group_id, **QUIET))
    try:
        with translated_errors(config):
            answers = _committed(consumer, [TopicPartition(*at) for at in partitions])
    finally:
        consumer.close()
    return {
        (answer.topic, answer.partition): CommittedOffset(answer.offset, answer.metadata or "")
        for answer in answers
        if answer.offset >= 0
    }


def _committed(consumer: Consumer, partitions: list[TopicPartition]) -> list[TopicPartition]:
    """Ask the group's coordinator, and again while it is being made or moves."""
    give_up_at = time.monotonic() + _TIMEOUT_S
    while True:
        try:
            return consumer.committed(partitions, timeout=_TIMEOUT_S)
        except KafkaException as error:
            if not is_coordinator_moving(error) or time.monotonic() > give_up_at:
                raise
        time.sleep(_RETRY_S)
