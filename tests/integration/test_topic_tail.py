"""A tail on a real Kafka: it goes on for as long as somebody looks, whatever is added meanwhile."""

import time
from collections.abc import Callable
from contextlib import closing

from confluent_kafka.admin import AdminClient, NewPartitions

from gateway.domain.signals import Signal, SignalKind
from gateway.kafka.config import KafkaConfig
from gateway.kafka.confirmed_writer import ConfirmedWriter
from gateway.kafka.producer import OutRecord
from gateway.kafka.record_log import RecordKind, RecordLog, RecordTail
from gateway.wire.signal_record import signal_codec

AWHILE_S = 30.0


def test_partitions_that_are_added_are_followed(kafka: KafkaConfig, new_topic: Callable[..., str]) -> None:
    """From their beginning, and once: what a listing finds there is left to the tail that was opened before."""
    topic = new_topic(partitions=1)
    kind = RecordKind(topic, signal_codec(), lambda signal: signal.at_ms)
    old, new = (Signal("sub_shop", "acme", at_ms, SignalKind.DISABLED, "why") for at_ms in (1, 2))
    writer = ConfirmedWriter(kafka)
    writer.write([OutRecord(topic, b"k", signal_codec().encode(old), 0)])
    with closing(RecordTail(kafka, kind)) as tail:
        admin = AdminClient(kafka.common())
        admin.create_partitions([NewPartitions(topic, 2)])[topic].result(AWHILE_S)
        give_up_at_s = time.monotonic() + AWHILE_S
        while len(admin.list_topics(topic, timeout=AWHILE_S).topics[topic].partitions) < 2:
            assert time.monotonic() < give_up_at_s
        # The writer from before still knows of one partition only.
        ConfirmedWriter(kafka).write([OutRecord(topic, b"k", signal_codec().encode(new), 1)])
        listed = RecordLog(kafka, kind).find(lambda _: True, since_ms=0, limit=10, before=tail.starts).records
        followed: list[Signal] = []
        while not followed and time.monotonic() < give_up_at_s:
            followed += tail.read(0.2)
    assert (listed, followed) == ([old], [new])
