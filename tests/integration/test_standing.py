"""How far everything is, asked of a real Kafka."""

import time
from dataclasses import replace
from uuid import uuid4

from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic

from gateway.admin.standing import StandingReader
from gateway.domain.topics import TopicLayout
from gateway.kafka.config import KafkaConfig
from gateway.kafka.confirmed_writer import ConfirmedWriter
from gateway.kafka.producer import OutRecord

AWHILE_S = 30.0


def test_partitions_that_are_added_while_somebody_looks_count(kafka: KafkaConfig, topics: TopicLayout) -> None:
    """A console looks for months."""
    layout = replace(topics, domains=(f"test{uuid4().hex[:12]}",))
    (topic,) = layout.event_topics()
    admin = AdminClient(kafka.common())
    admin.create_topics([NewTopic(topic, 1, 1)], operation_timeout=AWHILE_S)[topic].result(AWHILE_S)
    try:
        ConfirmedWriter(kafka).write([OutRecord(topic, b"k", b"v", 0)])
        reader = StandingReader(kafka, layout)
        assert reader.depths()[topic].records == 1

        admin.create_partitions([NewPartitions(topic, 2)])[topic].result(AWHILE_S)
        give_up_at_s = time.monotonic() + AWHILE_S
        while len(admin.list_topics(topic, timeout=AWHILE_S).topics[topic].partitions) < 2:
            assert time.monotonic() < give_up_at_s
        # The writer from before still knows of one partition only.
        ConfirmedWriter(kafka).write([OutRecord(topic, b"k", b"v", 1)])

        assert reader.depths()[topic].records == 2
    finally:
        admin.delete_topics([topic])[topic].result(AWHILE_S)
