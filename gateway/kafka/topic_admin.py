"""Creates and checks the gateway's topics in Kafka, as the table in `gateway.domain.topics` wants them.

It never changes or deletes a topic that exists: partitions decide which worker owns a subscription, and cleanup
decides what is kept, so a topic that does not fit is for its operator to resolve.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic

from gateway.domain.errors import ConflictError, UnavailableError
from gateway.domain.topics import TopicSpec
from gateway.kafka.config import QUIET, KafkaConfig
from gateway.kafka.errors import translated_errors

_REACH_TIMEOUT_S = 5.0
_REQUEST_TIMEOUT_S = 10.0
_CREATE_TIMEOUT_S = 30.0
_VISIBLE_TIMEOUT_S = 15.0
_POLL_S = 0.05
# Only closed segments are compacted, and only when this share of them is stale: with Kafka's defaults (a week, half)
# a small table would hardly ever be, and every reader of it would read each old version again.
_COMPACTION = {"segment.ms": "600000", "min.cleanable.dirty.ratio": "0.1"}


class TopicState(Enum):
    """How a topic compares with the table; `created` is an `ok` that was `missing` a moment ago."""

    OK = "ok"
    CREATED = "created"
    MISSING = "missing"
    MISFIT = "misfit"


@dataclass(frozen=True, slots=True)
class FoundTopic:
    """What Kafka has under a topic's name."""

    partitions: int
    cleanup: str


@dataclass(frozen=True, slots=True)
class TopicReport:
    """One topic of the table beside what Kafka has.

    Attributes:
        spec: what it has to look like.
        found: what it looks like, or None where it is missing.
        state: how the two compare.
    """

    spec: TopicSpec
    found: FoundTopic | None
    state: TopicState


def compare(spec: TopicSpec, found: FoundTopic | None) -> TopicReport:
    """Compare what a topic has to look like with what Kafka has."""
    if found is None:
        return TopicReport(spec, None, TopicState.MISSING)
    fits = (found.partitions, found.cleanup) == (spec.partitions, spec.cleanup)
    return TopicReport(spec, found, TopicState.OK if fits else TopicState.MISFIT)


def describe_topics(config: KafkaConfig, specs: Sequence[TopicSpec]) -> tuple[TopicReport, ...]:
    """Compare every topic of `specs` with the cluster, in the same order.

    Raises:
        UnavailableError: no broker answers.
    """
    with translated_errors(config):
        return _describe(_admin(config), specs)


def apply_topics(config: KafkaConfig, specs: Sequence[TopicSpec], replication_factor: int) -> tuple[TopicReport, ...]:
    """Create what is missing of `specs`, and return when the broker knows all of it.

    Args:
        config: the cluster.
        specs: the topics, see `TopicLayout.specs`.
        replication_factor: how many replicas a new topic's partitions get.

    Raises:
        ConflictError: a topic exists with other partitions or another cleanup policy; nothing was created.
        UnavailableError: no broker answers.
    """
    with translated_errors(config):
        admin = _admin(config)
        before = _describe(admin, specs)
        _refuse_misfits(before)
        missing = [report.spec for report in before if report.state is TopicState.MISSING]
        if not missing:
            return before
        _create(admin, missing, replication_factor)
        after = _await_visible(admin, specs)
        # Somebody else may have created one of them meanwhile, differently.
        _refuse_misfits(after)
    return tuple(replace(report, state=TopicState.CREATED) if report.spec in missing else report for report in after)


def _admin(config: KafkaConfig) -> AdminClient:
    return AdminClient({**config.common(), **QUIET})


def _describe(admin: AdminClient, specs: Sequence[TopicSpec]) -> tuple[TopicReport, ...]:
    existing = admin.list_topics(timeout=_REACH_TIMEOUT_S).topics
    names = [spec.name for spec in specs if spec.name in existing]
    cleanups = _cleanup_policies(admin, names)
    found = {name: FoundTopic(len(existing[name].partitions), cleanups[name]) for name in names}
    return tuple(compare(spec, found.get(spec.name)) for spec in specs)


def _cleanup_policies(admin: AdminClient, names: Sequence[str]) -> dict[str, str]:
    if not names:
        return {}
    resources = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in names]
    described = admin.describe_configs(resources, request_timeout=_REQUEST_TIMEOUT_S)
    return {resource.name: future.result()["cleanup.policy"].value for resource, future in described.items()}


def _create(admin: AdminClient, specs: Sequence[TopicSpec], replication_factor: int) -> None:
    topics = [
        NewTopic(
            spec.name,
            num_partitions=spec.partitions,
            replication_factor=replication_factor,
            config=_topic_config(spec),
        )
        for spec in specs
    ]
    created = admin.create_topics(topics, operation_timeout=_CREATE_TIMEOUT_S, request_timeout=_CREATE_TIMEOUT_S)
    for future in created.values():
        try:
            future.result()
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise


def _topic_config(spec: TopicSpec) -> dict[str, str]:
    config: dict[str, str] = {"cleanup.policy": spec.cleanup}
    if spec.cleanup == "compact":
        config |= _COMPACTION
    if spec.retention_ms is not None:
        config["retention.ms"] = str(spec.retention_ms)
    return config


def _await_visible(admin: AdminClient, specs: Sequence[TopicSpec]) -> tuple[TopicReport, ...]:
    deadline = time.monotonic() + _VISIBLE_TIMEOUT_S
    while True:
        reports = _describe(admin, specs)
        if all(report.found for report in reports):
            return reports
        if time.monotonic() >= deadline:
            raise UnavailableError(
                f"Kafka does not show the topics that it created {_VISIBLE_TIMEOUT_S:.0f} s ago",
                hint="with access control, the user may not see them: `gateway topics acls` lists what it needs",
            )
        time.sleep(_POLL_S)


def _refuse_misfits(reports: Sequence[TopicReport]) -> None:
    lines = [
        f"  {report.spec.name}: has {_shape(report.found)}; needs {_shape(report.spec)}"
        for report in reports
        if report.found and report.state is TopicState.MISFIT
    ]
    if lines:
        raise ConflictError(
            "\n".join(["these topics exist but do not fit:", *lines]),
            hint="delete such a topic and apply again, or set GATEWAY_PARTITIONS to the partitions it has",
        )


def _shape(topic: TopicSpec | FoundTopic) -> str:
    return f"{topic.partitions} partitions, cleanup {topic.cleanup}"
