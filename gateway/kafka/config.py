"""How every confluent-kafka client of the gateway is configured: one place, so that all of them agree.

Agreement matters most for the partitioner: the delivery topics are co-partitioned by key.
"""

import logging
from dataclasses import dataclass
from typing import Any

from gateway.kafka.security import IN_THE_CLEAR, KafkaSecurity

# Otherwise librdkafka writes lines of its own format to standard error.
_client_log = logging.getLogger("librdkafka")

# For short-lived clients: librdkafka would write its own lines to standard error, over the message that counts.
QUIET: dict[str, Any] = {"log_level": 0}
# What consumers that join no group and commit nothing go by: librdkafka asks for a group's coordinator even so, and a
# broker with access control wants to know of one group for it, not of each reader's.
READER_GROUP_ID = "webhook-gateway-reader"
PARTITIONER = "murmur2_random"  # what Java clients use, so that other producers land on the same partitions


@dataclass(frozen=True, slots=True)
class KafkaConfig:
    """How to reach the cluster.

    Attributes:
        bootstrap_servers: `host:port`, comma separated.
        client_id: shown in the broker's logs and quotas.
        security: who the client is, and how connections are secured.
    """

    bootstrap_servers: str
    client_id: str = "webhook-gateway"
    security: KafkaSecurity = IN_THE_CLEAR

    def common(self) -> dict[str, Any]:
        """Properties that every client has."""
        return {
            "bootstrap.servers": self.bootstrap_servers,
            "client.id": self.client_id,
            "logger": _client_log,
            **self.security.properties(),
        }

    def producer(self, **overrides: Any) -> dict[str, Any]:  # noqa: ANN401 - librdkafka's properties are of any type
        """Properties of a producer that never loses an acknowledged record and keeps trying while Kafka is away."""
        return {
            **self.common(),
            "acks": "all",
            "enable.idempotence": True,
            "compression.type": "lz4",
            "linger.ms": 2,
            "message.timeout.ms": 0,
            "partitioner": PARTITIONER,
            **overrides,
        }

    def consumer(self, group_id: str, **overrides: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
        """Properties of a consumer that commits only what it is told to.

        A short fetch back-off: with the default of one second, every seek or resume costs a second.
        """
        return {
            **self.common(),
            "group.id": group_id,
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
            "fetch.queue.backoff.ms": 5,
            "fetch.wait.max.ms": 10,
            **overrides,
        }

    def reader(self, **overrides: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
        """Properties of a consumer that is told what to read: it joins no group."""
        return self.consumer(READER_GROUP_ID, **overrides)
