"""librdkafka's errors as errors for people."""

import pytest
from confluent_kafka import KafkaError, KafkaException

from gateway.domain.errors import GatewayError, UnavailableError
from gateway.kafka.config import KafkaConfig
from gateway.kafka.errors import gateway_error, is_unreachable, translated_errors

KAFKA = KafkaConfig("kafka:9092")


@pytest.mark.parametrize("code", [KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._TIMED_OUT])
def test_an_unreachable_broker_is_unavailable_at_its_address(code: int) -> None:
    """The message names where nobody answered, both for a reported and for a raised error."""
    for error in (KafkaError(code), KafkaException(KafkaError(code))):
        assert is_unreachable(error)
        found = gateway_error(error, KAFKA)
        assert isinstance(found, UnavailableError)
        assert "kafka:9092" in found.message


def test_any_other_error_keeps_its_own_words() -> None:
    """A broker that answers and refuses is not called unreachable."""
    with (
        pytest.raises(GatewayError, match=r"kafka:9092: .*replication factor") as raised,
        translated_errors(KAFKA),
    ):
        raise KafkaException(KafkaError(KafkaError.INVALID_REPLICATION_FACTOR, "replication factor 3"))

    assert not isinstance(raised.value, UnavailableError)
