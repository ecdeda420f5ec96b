"""librdkafka's errors as errors for people."""

import pytest
from confluent_kafka import KafkaError, KafkaException

from gateway.domain.errors import GatewayError, UnavailableError
from gateway.kafka.access import refusal_in
from gateway.kafka.config import KafkaConfig
from gateway.kafka.errors import gateway_error, is_unreachable, translated_errors
from gateway.kafka.record_reader import read_records

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


def test_a_record_that_was_not_read_does_not_count_as_gone() -> None:
    """Kafka is away, and may well keep it: whoever asks must not be told that there is none."""
    with pytest.raises(UnavailableError, match="in time"):
        read_records(KafkaConfig("127.0.0.1:1"), [(("deliveries", 0), 5)], timeout_s=0.3)


UNTRUSTED = "error:0A000086:SSL routines::certificate verify failed: broker certificate could not be verified"


@pytest.mark.parametrize(
    ("code", "text", "setting"),
    [
        (KafkaError._SSL, f"SSL handshake failed: {UNTRUSTED}", "GATEWAY_KAFKA_CA_FILE"),
        (KafkaError._TRANSPORT, f"sasl_ssl://kafka:9093/bootstrap: {UNTRUSTED}", "GATEWAY_KAFKA_CA_FILE"),
        (KafkaError._AUTHENTICATION, "Authentication failed", "GATEWAY_KAFKA_SASL_*"),
        (KafkaError._TRANSPORT, "Connect to ipv4#10.0.0.1:9093 failed: Connection refused", None),
        (KafkaError._ALL_BROKERS_DOWN, "1/1 brokers are down", None),
    ],
)
def test_a_refusal_is_told_from_a_broker_that_is_away(code: int, text: str, setting: str | None) -> None:
    """Also where librdkafka reports a failed handshake as it reports a broken connection."""
    refused = refusal_in(KafkaError(code, text), KAFKA)

    assert (refused is None) == (setting is None)
    if refused is not None:
        assert text in refused.message
        assert setting is not None
        assert setting in (refused.hint or "")
