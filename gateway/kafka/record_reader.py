"""Reads single records by where they lie, for whoever has kept their places instead of their content. Reads only."""

import time
from collections.abc import Iterable

from confluent_kafka import Consumer, KafkaError, TopicPartition

from gateway.domain.errors import UnavailableError
from gateway.kafka.config import QUIET, KafkaConfig
from gateway.kafka.errors import gateway_error, translated_errors
from gateway.kafka.partitioning import Partition
from gateway.kafka.scan import RawRecord, raw_record

MAX_RECORDS = 100
_TIMEOUT_S = 10.0
_POLL_S = 0.05


def read_records(
    config: KafkaConfig, places: Iterable[tuple[Partition, int]], timeout_s: float = _TIMEOUT_S
) -> dict[tuple[Partition, int], RawRecord]:
    """Read some records; those that Kafka keeps no longer are left out. Blocking, bounded.

    Args:
        config: how to reach Kafka.
        places: partitions and offsets, at most MAX_RECORDS of them.
        timeout_s: how long all of it may take, seconds.

    Raises:
        UnavailableError: no broker answers in time: what was not read may well be kept.
    """
    wanted = sorted(set(places))[:MAX_RECORDS]
    found: dict[tuple[Partition, int], RawRecord] = {}
    if not wanted:
        return found
    # An offset below what is kept is an error, rather than another record.
    consumer = Consumer(config.reader(**{"enable.partition.eof": True, "auto.offset.reset": "error"}, **QUIET))
    give_up_at = time.monotonic() + timeout_s
    try:
        with translated_errors(config):
            for partition, offset in wanted:
                consumer.assign([TopicPartition(*partition, offset)])
                record = _next_record(consumer, config, give_up_at)
                if record is not None and record.offset == offset:
                    found[partition, offset] = record
    finally:
        consumer.close()
    return found


def _next_record(consumer: Consumer, config: KafkaConfig, give_up_at: float) -> RawRecord | None:
    while time.monotonic() < give_up_at:
        message = consumer.poll(_POLL_S)
        if message is None:
            continue
        error = message.error()
        if error is None:
            return raw_record(message)
        if error.code() in {KafkaError._PARTITION_EOF, KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE}:
            return None
        if not error.retriable() and error.code() != KafkaError._TRANSPORT:
            raise gateway_error(error, config)
    raise UnavailableError(
        f"Kafka at {config.bootstrap_servers} did not give a record in time", hint="is a broker down? try again"
    )
