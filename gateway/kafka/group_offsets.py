"""How far a consumer group has come, asked from outside. Reads only: nothing joins the group."""

from collections.abc import Sequence
from contextlib import closing

from gateway.kafka.config import KafkaConfig
from gateway.kafka.coordinator import ask_coordinator
from gateway.kafka.errors import translated_errors
from gateway.kafka.offset_client import CommittedOffset, OffsetClient
from gateway.kafka.partitioning import Partition

STREAM_GROUP_ID = "webhook-gateway-stream"
EGRESS_GROUP_ID = "webhook-gateway-egress"
_TIMEOUT_S = 10.0


def committed_offsets(
    config: KafkaConfig, group_id: str, partitions: Sequence[Partition]
) -> dict[Partition, CommittedOffset]:
    """Give a group's commits; partitions without one are left out.

    Raises:
        UnavailableError: no broker answers.
    """
    with translated_errors(config), closing(OffsetClient(config, group_id, timeout_s=_TIMEOUT_S)) as client:
        return ask_coordinator(lambda: client.committed(partitions), patience_s=_TIMEOUT_S)
