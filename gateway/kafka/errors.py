"""Kafka's failures as errors for people: an unreachable broker names its address, not a stack trace."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from confluent_kafka import KafkaError, KafkaException

from gateway.domain.errors import GatewayError, UnavailableError

# For short-lived clients: librdkafka would write its own lines to standard error, over the message that counts.
QUIET: dict[str, Any] = {"log_level": 0}

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
    }
)


def is_unreachable(error: KafkaError | KafkaException) -> bool:
    """Tell whether an error means that no broker answered."""
    return _kafka_error(error).code() in _UNREACHABLE


def is_leader_moving(error: KafkaError | KafkaException) -> bool:
    """Tell whether an error means that a partition has no leader just now, or not the one that was asked: ask again."""
    return _kafka_error(error).code() in _LEADER_IS_MOVING


def gateway_error(error: KafkaError | KafkaException, bootstrap_servers: str) -> GatewayError:
    """Turn librdkafka's error into the gateway's.

    Args:
        error: what librdkafka raised or reported.
        bootstrap_servers: the addresses that the client was given, for the message.
    """
    if is_unreachable(error):
        return UnavailableError(
            f"no Kafka broker answers at {bootstrap_servers}",
            hint="is it running? `gateway kafka start` starts a local one; GATEWAY_BOOTSTRAP_SERVERS names another",
        )
    return GatewayError(f"Kafka at {bootstrap_servers}: {_kafka_error(error).str()}")


@contextmanager
def translated_errors(bootstrap_servers: str) -> Iterator[None]:
    """Raise what a block's KafkaException means as a GatewayError."""
    try:
        yield
    except KafkaException as error:
        raise gateway_error(error, bootstrap_servers) from error


def _kafka_error(error: KafkaError | KafkaException) -> KafkaError:
    return error.args[0] if isinstance(error, KafkaException) else error
