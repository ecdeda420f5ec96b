"""Writes the gateway's records where the stream and egress would write them."""

from gateway.domain.delivery import Attempt, Delivery
from gateway.domain.topics import ATTEMPTS
from gateway.kafka.config import KafkaConfig
from gateway.kafka.confirmed_writer import ConfirmedWriter
from gateway.kafka.producer import OutRecord
from gateway.wire.records import attempt_codec, delivery_codec


def write_records(kafka: KafkaConfig, *records: tuple[str, Delivery] | Attempt) -> None:
    """Write deliveries to the topics named with them, and attempts to theirs."""
    ConfirmedWriter(kafka).write([_out(record) for record in records])


def _out(record: tuple[str, Delivery] | Attempt) -> OutRecord:
    if isinstance(record, Attempt):
        return OutRecord(ATTEMPTS, record.delivery_id.encode(), attempt_codec().encode(record))
    topic, delivery = record
    return OutRecord(topic, delivery.subscription_id.encode(), delivery_codec().encode(delivery))
