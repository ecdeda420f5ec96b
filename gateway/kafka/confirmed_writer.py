"""Writes records from a command and waits until Kafka has confirmed every one: what returns is written.

For the few records of an operator's command. Services produce without waiting: see `gateway.kafka.producer`.
"""

from collections.abc import Sequence

from confluent_kafka import KafkaError, Message, Producer

from gateway.domain.errors import UnavailableError
from gateway.kafka.config import QUIET, KafkaConfig
from gateway.kafka.errors import gateway_error, kept_interrupts, translated_errors
from gateway.kafka.producer import OutRecord

_CONFIRM_TIMEOUT_S = 20
# A little longer than the records themselves may take, so that each one's own report says what became of it.
_FLUSH_TIMEOUT_S = _CONFIRM_TIMEOUT_S + 5


class ConfirmedWriter:
    """Writes batches of records.

    Args:
        config: how to reach the cluster.
    """

    def __init__(self, config: KafkaConfig) -> None:
        self._config = config
        self._producer = Producer({**config.producer(**{"message.timeout.ms": _CONFIRM_TIMEOUT_S * 1000}), **QUIET})

    def write(self, records: Sequence[OutRecord]) -> None:
        """Write records, no more than fit the client's queue, and wait for their confirmation.

        Raises:
            UnavailableError: Kafka does not confirm in time; what was confirmed before stays written.
            GatewayError: Kafka refuses a record.
        """
        failed: list[KafkaError] = []

        def report(error: KafkaError | None, _: Message) -> None:
            if error is not None:
                failed.append(error)

        with translated_errors(self._config):
            for record in records:
                self._producer.produce(
                    record.topic,
                    value=record.value,
                    key=record.key,
                    partition=record.partition,
                    headers=record.headers,
                    on_delivery=report,
                )
            with kept_interrupts():
                unconfirmed = self._producer.flush(_FLUSH_TIMEOUT_S)
        if unconfirmed or any(error.code() == KafkaError._MSG_TIMED_OUT for error in failed):
            raise UnavailableError(
                f"Kafka at {self._config.bootstrap_servers} does not confirm what is written",
                hint="is a broker down? every partition needs a leader",
            )
        if failed:
            raise gateway_error(failed[0], self._config)
