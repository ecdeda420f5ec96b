"""Asks Kafka, at the start of a process, whether its user may do all that the process is going to do.

Faust's client passes over a topic that it may not read, and a dead letter may come days after the start: every rule
that is missing is named at once instead.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AclOperation, AdminClient

from gateway.kafka.access import HINT, AccessRefusedError, is_denied
from gateway.kafka.acls import Operation, Permission, Resource
from gateway.kafka.config import QUIET, KafkaConfig
from gateway.kafka.coordinator import ask_coordinator
from gateway.kafka.errors import translated_errors

_TIMEOUT_S = 10.0
# What is not there yet is for others to find.
_ABSENT = frozenset({KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.GROUP_ID_NOT_FOUND})
_PATIENCE_S = 30.0

_Needed = Mapping[tuple[Resource, str], frozenset[Operation]]


def check_access(config: KafkaConfig, permissions: Sequence[Permission]) -> None:
    """Compare what a process needs with what its user may do; Kafka does not tell of transactional ids.

    Args:
        config: how to reach Kafka, as the user of the process.
        permissions: what the process needs.

    Raises:
        AccessRefusedError: rules are missing; the message names all of them.
        UnavailableError: no broker answers.
    """
    needed: dict[tuple[Resource, str], frozenset[Operation]] = {}
    for permission in permissions:
        for name in permission.names:
            at = (permission.resource, name)
            needed[at] = needed.get(at, frozenset()) | frozenset(permission.operations)
    # Its answers end with the client.
    with translated_errors(config):
        admin = AdminClient({**config.common(), **QUIET})
        missing = ask_coordinator(lambda: sorted(_missing(admin, needed)), patience_s=_PATIENCE_S)
    if missing:
        raise AccessRefusedError(
            f"authorization failed at Kafka {config.bootstrap_servers}: not allowed is {', '.join(missing)}", hint=HINT
        )


def _missing(admin: AdminClient, needed: _Needed) -> Iterator[str]:
    for (resource, name), answer in _ask(admin, needed).items():
        allowed = _allowed(answer)
        if allowed is None:
            continue
        for operation in needed[resource, name]:
            if AclOperation[operation.name] not in allowed:
                yield f"{operation.value} on {resource.value} '{name}'"


def _ask(admin: AdminClient, needed: _Needed) -> dict[tuple[Resource, str], Future[Any]]:
    topics = [name for resource, name in needed if resource is Resource.TOPIC]
    groups = [name for resource, name in needed if resource is Resource.GROUP]
    options: dict[str, Any] = {"include_authorized_operations": True, "request_timeout": _TIMEOUT_S}
    of_topics = admin.describe_topics(TopicCollection(topics), **options)
    of_groups = admin.describe_consumer_groups(groups, **options)
    return {
        **{(Resource.TOPIC, name): future for name, future in of_topics.items()},
        **{(Resource.GROUP, name): future for name, future in of_groups.items()},
    }


def _allowed(answer: Future[Any]) -> Sequence[AclOperation] | None:
    """Give what Kafka allows on one thing, or None where it does not tell."""
    try:
        found: Sequence[AclOperation] | None = answer.result().authorized_operations
    except KafkaException as error:
        if is_denied(error.args[0]):
            return ()
        if error.args[0].code() in _ABSENT:
            return None
        raise
    return found
