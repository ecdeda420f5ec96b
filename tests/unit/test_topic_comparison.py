"""When a topic of the broker fits the table, and what is said when it does not."""

import pytest

from gateway.domain.topics import TopicSpec
from gateway.kafka.topic_admin import FoundTopic, TopicState, compare

SPEC = TopicSpec("deliveries", 6, "delete", 1000, "key", "value")


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (None, TopicState.MISSING),
        (FoundTopic(6, "delete"), TopicState.OK),
        (FoundTopic(5, "delete"), TopicState.MISFIT),
        (FoundTopic(7, "delete"), TopicState.MISFIT),
        (FoundTopic(6, "compact"), TopicState.MISFIT),
        (FoundTopic(6, "compact,delete"), TopicState.MISFIT),
    ],
)
def test_partitions_and_cleanup_have_to_be_the_same(found: FoundTopic | None, state: TopicState) -> None:
    """More partitions are as wrong as fewer; a policy that also compacts is another policy."""
    assert compare(SPEC, found).state is state
