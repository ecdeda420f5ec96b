"""Has Kafka forget the members of a group that were killed, at once instead of when their sessions time out."""

from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.group import LeaveGroupRequest
from confluent_kafka.admin import AdminClient

from gateway.kafka.config import KafkaConfig

_TIMEOUT_S = 10.0


async def forget_members(kafka: KafkaConfig, group_id: str) -> None:
    """Take every member out of a group; none of them may be alive."""
    admin = AdminClient(kafka.common())
    found = admin.describe_consumer_groups([group_id], request_timeout=_TIMEOUT_S)
    client = AIOKafkaClient(bootstrap_servers=kafka.bootstrap_servers)
    await client.bootstrap()
    try:
        (node,) = client.cluster.brokers()
        for member in found[group_id].result(_TIMEOUT_S).members:
            answer = await client.send(node.nodeId, LeaveGroupRequest(group_id, member.member_id))
            assert answer.error_code == 0, f"{member.member_id} is still a member of {group_id}"
    finally:
        await client.close()
