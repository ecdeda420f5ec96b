"""Why Kafka can't be used, where trying again does not help: credentials, certificates, permissions.

librdkafka's calls end with "no answer in time" also where a broker answered and refused. The reason is told to a
callback only; here it is asked for, once such a call has failed.
"""

import time

from confluent_kafka import KafkaError, KafkaException, Producer

from gateway.domain.errors import GatewayError
from gateway.kafka.config import QUIET, KafkaConfig
from gateway.kafka.security import IN_THE_CLEAR, PasswordLogin

HINT = "`gateway topics acls` lists what each process has to be allowed"

_ASK_S = 3.0
_POLL_S = 0.05
_HINTS = {
    KafkaError._AUTHENTICATION: "check GATEWAY_KAFKA_SASL_* (docs/security.md, Kafka access)",
    KafkaError._SSL: "check GATEWAY_KAFKA_CA_FILE, and that the brokers' names are those in their certificates",
}
_OPENSSL = ":SSL routines:"  # so begin OpenSSL's messages, after their number
_DENIED = frozenset(
    {
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    }
)


class AccessRefusedError(GatewayError):
    """A broker does not let the client in, can't be trusted, or denies what was asked for."""


def is_denied(error: KafkaError) -> bool:
    """Tell whether an error means that an access rule (ACL) is missing."""
    return error.code() in _DENIED


def denial(error: KafkaError, config: KafkaConfig, what: str | None = None) -> AccessRefusedError:
    """Give the error for people where an access rule is missing.

    Args:
        error: one for which `is_denied` holds.
        config: how Kafka was reached.
        what: the topic or group in question, where it is known.
    """
    return AccessRefusedError(
        f"Kafka at {config.bootstrap_servers}: {error.str()}{f' ({what})' if what else ''}", hint=HINT
    )


def final_refusal(error: KafkaError, config: KafkaConfig) -> AccessRefusedError | None:
    """Give what ends a process that runs: its password is refused. A token may be had later.

    Args:
        error: what librdkafka reported.
        config: how Kafka is reached.
    """
    if error.code() == KafkaError._AUTHENTICATION and isinstance(config.security.login, PasswordLogin):
        return refusal_in(error, config)
    return None


def find_refusal(config: KafkaConfig) -> AccessRefusedError | None:
    """Find out whether it is because of a refusal that no broker answers. Blocks for some seconds at most."""
    if config.security == IN_THE_CLEAR:
        return None
    seen: list[KafkaError] = []
    try:
        client = Producer(config.common() | QUIET | {"error_cb": seen.append})
    except KafkaException as error:
        return _refusal(error.args[0], error.args[0].code(), config)
    give_up_at = time.monotonic() + _ASK_S
    while time.monotonic() < give_up_at:
        client.poll(_POLL_S)
        for reported in seen:
            if refused := refusal_in(reported, config):
                return refused
        if any(reported.code() == KafkaError._ALL_BROKERS_DOWN for reported in seen):
            return None
    return None


def refusal_in(error: KafkaError, config: KafkaConfig) -> AccessRefusedError | None:
    """Give the refusal that an error is which librdkafka reported; None: it is no more than a broker that is away.

    Args:
        error: what librdkafka reported.
        config: how Kafka is reached.
    """
    # A TLS handshake that fails in its first step, as one does when the broker's answer is there at once, is reported
    # as a failure of the transport (rd_kafka_transport_ssl_connect in rdkafka_ssl.c).
    failed_at_once = error.code() == KafkaError._TRANSPORT and _OPENSSL in error.str()
    code = KafkaError._SSL if failed_at_once else error.code()
    return _refusal(error, code, config) if code in _HINTS else None


def _refusal(error: KafkaError, code: int, config: KafkaConfig) -> AccessRefusedError:
    return AccessRefusedError(
        f"Kafka at {config.bootstrap_servers} can't be used: {error.str()}", hint=_HINTS.get(code)
    )
