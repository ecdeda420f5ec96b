"""Kafka's failures as errors for people: an unreachable broker names its address, not a stack trace."""

from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka import KafkaError, KafkaException

from gateway.domain.errors import GatewayError, UnavailableError
from gateway.kafka.access import denial, find_refusal, is_denied
from gateway.kafka.config import KafkaConfig

_UNREACHABLE = frozenset(
    {
        KafkaError._TRANSPORT,
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError._TIMED_OUT,
        KafkaError._RESOLVE,
        KafkaError.REQUEST_TIMED_OUT,
    }
)

_LEADER_IS_MOVING = frozenset(
    {
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.OFFSET_NOT_AVAILABLE,
        KafkaError.FENCED_LEADER_EPOCH,
        KafkaError.UNKNOWN_LEADER_EPOCH,
        # What librdkafka itself says where none of the partitions that were asked for has a leader.
        KafkaError._UNKNOWN_PARTITION,
    }
)


def is_unreachable(error: KafkaError | KafkaException) -> bool:
    """Tell whether an error means that no broker answered."""
    return _kafka_error(error).code() in _UNREACHABLE


def is_leader_moving(error: KafkaError | KafkaException) -> bool:
    """Tell whether an error means that a partition has no leader just now, or not the one that was asked: ask again."""
    return _kafka_error(error).code() in _LEADER_IS_MOVING


def gateway_error(error: KafkaError | KafkaException, config: KafkaConfig) -> GatewayError:
    """Turn librdkafka's error into the gateway's; where no broker answers, this takes some seconds to find out why.

    Args:
        error: what librdkafka raised or reported.
        config: how Kafka was to be reached.
    """
    if is_unreachable(error):
        return find_refusal(config) or UnavailableError(
            f"no Kafka broker answers at {config.bootstrap_servers}",
            hint="is it running? `gateway kafka start` starts a local one; GATEWAY_BOOTSTRAP_SERVERS names another",
        )
    found = _kafka_error(error)
    if is_denied(found):
        return denial(found, config)
    return GatewayError(f"Kafka at {config.bootstrap_servers}: {found.str()}")


@contextmanager
def translated_errors(config: KafkaConfig) -> Iterator[None]:
    """Raise what a block's KafkaException means as a GatewayError."""
    try:
        yield
    except KafkaException as error:
        raise gateway_error(error, config) from error


@contextmanager
def kept_interrupts() -> Iterator[None]:
    """Have an interrupt raised that comes while a producer hands out delivery reports.

    confluent-kafka 2.16.1 loses the exception of a signal that it meets then in `flush` and `poll`, so that Python
    raises a SystemError in its stead: seen in a third of the interrupts of a flush.
    """
    try:
        yield
    except SystemError as error:
        raise KeyboardInterrupt from error


def _kafka_error(error: KafkaError | KafkaException) -> KafkaError:
    return error.args[0] if isinstance(error, KafkaException) else error
