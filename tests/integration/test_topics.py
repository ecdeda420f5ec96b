"""Topics on a real broker: created as the table says, left alone when they fit, refused when they don't."""

import threading
from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import pytest
from confluent_kafka.admin import AdminClient, ConfigResource

from gateway.domain.errors import ConflictError, UnavailableError
from gateway.domain.topics import TopicLayout, TopicSpec
from gateway.kafka.config import KafkaConfig
from gateway.kafka.local.ports import choose_port
from gateway.kafka.topic_admin import TopicState, apply_topics, describe_topics


def spec(name: str | None = None, **changes: object) -> TopicSpec:
    plain = TopicSpec(name or f"test-{uuid4().hex[:12]}", 2, "delete", 3_600_000, "key", "value")
    return replace(plain, **changes)  # type: ignore[arg-type]


def config_of(kafka: KafkaConfig, topic: str) -> dict[str, str]:
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
    admin = AdminClient(kafka.common())
    described = admin.describe_configs([resource])[resource].result(10)
    return {name: entry.value for name, entry in described.items()}


def states(kafka: KafkaConfig, *specs: TopicSpec) -> list[TopicState]:
    return [report.state for report in describe_topics(kafka, specs)]


def test_the_whole_layout_fits_after_it_was_applied(kafka: KafkaConfig, topics: TopicLayout) -> None:
    """Every topic of the table is on the broker with its partitions and cleanup policy."""
    reports = describe_topics(kafka, topics.specs())

    assert [report.spec for report in reports] == list(topics.specs())
    assert {report.state for report in reports} == {TopicState.OK}


def test_a_second_apply_changes_nothing(kafka: KafkaConfig) -> None:
    """The first apply reports what it created, the second that all is well."""
    specs = (spec(), spec(partitions=3))

    first = apply_topics(kafka, specs, replication_factor=1)
    second = apply_topics(kafka, specs, replication_factor=1)

    assert [report.state for report in first] == [TopicState.CREATED, TopicState.CREATED]
    assert [report.state for report in second] == [TopicState.OK, TopicState.OK]
    assert [report.found for report in first] == [report.found for report in second]


def test_only_what_is_missing_is_created(kafka: KafkaConfig) -> None:
    """A topic that is there already is left as it is."""
    there, missing = spec(), spec()
    apply_topics(kafka, [there], replication_factor=1)

    reports = apply_topics(kafka, [there, missing], replication_factor=1)

    assert [report.state for report in reports] == [TopicState.OK, TopicState.CREATED]


def test_retention_and_compaction_reach_the_broker(kafka: KafkaConfig) -> None:
    """A deleting topic keeps its records as long as the table says; a compacted one really gets compacted."""
    deleting, compacted = spec(), spec(cleanup="compact", retention_ms=None)
    apply_topics(kafka, [deleting, compacted], replication_factor=1)

    assert config_of(kafka, deleting.name)["retention.ms"] == "3600000"
    config = config_of(kafka, compacted.name)
    assert config["cleanup.policy"] == "compact"
    assert int(config["segment.ms"]) <= 3_600_000
    assert float(config["min.cleanable.dirty.ratio"]) <= 0.2


def test_other_partitions_are_refused_and_nothing_is_created(kafka: KafkaConfig, new_topic: Callable[..., str]) -> None:
    """The message names each topic, what it has and what it needs; the missing topic stays missing."""
    misfit, missing = spec(new_topic(partitions=1)), spec()

    with pytest.raises(ConflictError) as refused:
        apply_topics(kafka, [misfit, missing], replication_factor=1)

    line = f"{misfit.name}: has 1 partitions, cleanup delete; needs 2 partitions, cleanup delete"
    assert line in refused.value.message
    assert refused.value.hint is not None
    assert states(kafka, misfit, missing) == [TopicState.MISFIT, TopicState.MISSING]


@pytest.mark.parametrize("cleanup", ["compact", "compact,delete"])
def test_another_cleanup_policy_is_refused(kafka: KafkaConfig, new_topic: Callable[..., str], cleanup: str) -> None:
    """A topic that compacts where records have to be kept would lose deliveries."""
    misfit = spec(new_topic(partitions=2, cleanup_policy=cleanup))

    with pytest.raises(ConflictError, match=f"has 2 partitions, cleanup {cleanup}; needs"):
        apply_topics(kafka, [misfit], replication_factor=1)


def test_two_applies_at_once_both_succeed(kafka: KafkaConfig) -> None:
    """Two deployments that start together do not trip over each other's topics."""
    specs = [spec() for _ in range(5)]
    outcomes: list[list[TopicState]] = []

    def apply() -> None:
        outcomes.append([report.state for report in apply_topics(kafka, specs, replication_factor=1)])

    threads = [threading.Thread(target=apply) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(outcomes) == 2
    assert states(kafka, *specs) == [TopicState.OK] * 5


def test_an_unreachable_broker_is_named() -> None:
    """Where nobody answers, the error names the address within the time-out of one request."""
    address = f"127.0.0.1:{choose_port()}"

    with pytest.raises(UnavailableError, match=f"no Kafka broker answers at {address}"):
        describe_topics(KafkaConfig(address), [spec()])
