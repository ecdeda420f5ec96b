"""How far a consumer group has come, asked from outside. Reads only: nothing joins the group."""

from collections.abc import Sequence
from dataclasses import dataclass

from confluent_kafka import Consumer, TopicPartition

from gateway.kafka.config import QUIET, KafkaConfig
from gateway.kafka.coordinator import ask_coordinator
from gateway.kafka.errors import translated_errors
from gateway.kafka.partitioning import Partition

STREAM_GROUP_ID = "webhook-gateway-stream"
EGRESS_GROUP_ID = "webhook-gateway-egress"
_TIMEOUT_S = 10.0


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
            asked = [TopicPartition(*at) for at in partitions]
            answers = ask_coordinator(lambda: consumer.committed(asked, timeout=_TIMEOUT_S), patience_s=_TIMEOUT_S)
    finally:
        consumer.close()
    return {
        (answer.topic, answer.partition): CommittedOffset(answer.offset, answer.metadata or "")
        for answer in answers
        if answer.offset >= 0
    }
