"""The one table of what each process and command has to be allowed where Kafka controls access; nothing more.

Kafka gives Describe along with Read and Write, and an idempotent producer needs no rule of its own (KIP-679).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from gateway.domain.topics import (
    ACCESS,
    ATTEMPTS,
    AUDIT,
    BEGINNINGS,
    CURSORS,
    DEAD_LETTERS,
    PRIORITY_DELIVERIES,
    REJECTED,
    REPLAY_DELIVERIES,
    REPLAYS,
    SIGNALS,
    SUBSCRIPTIONS,
    TopicLayout,
)
from gateway.kafka.config import READER_GROUP_ID
from gateway.kafka.group_offsets import EGRESS_GROUP_ID, STREAM_GROUP_ID
from gateway.kafka.subscription_store import TRANSACTIONAL_ID


class Role(Enum):
    """Who asks: a process, or a group of commands. One user may have several."""

    STREAM = "stream"
    EGRESS = "egress"
    TOPICS = "topics"
    SUBSCRIPTIONS = "subscriptions"
    DLQ = "dlq"
    REPLAY = "replay"
    DELIVERIES = "deliveries"
    EXPLAIN = "explain"
    SIGNALS = "signals"
    AUDIT = "audit"
    TEST = "test"
    CONSOLE = "console"
    TOKENS = "tokens"
    PORTAL = "portal"
    TOP = "top"
    PUBLISHER = "publisher"


class Resource(Enum):
    """What a rule is about, by the name of its option of `kafka-acls.sh`."""

    TOPIC = "topic"
    GROUP = "group"
    TRANSACTIONAL_ID = "transactional-id"


class Operation(Enum):
    """What a rule allows, by Kafka's name."""

    READ = "Read"
    WRITE = "Write"
    DESCRIBE = "Describe"
    DESCRIBE_CONFIGS = "DescribeConfigs"
    CREATE = "Create"


@dataclass(frozen=True, slots=True)
class Permission:
    """Rules that go together.

    Attributes:
        operations: what is allowed.
        resource: on what kind of thing.
        names: on which ones, literally.
    """

    operations: tuple[Operation, ...]
    resource: Resource
    names: tuple[str, ...]


_READ = (Operation.READ,)
_WRITE = (Operation.WRITE,)
_BOTH = (Operation.READ, Operation.WRITE)
_READING = Permission((Operation.DESCRIBE,), Resource.GROUP, (READER_GROUP_ID,))
_CHANGING_SUBSCRIPTIONS = (
    Permission(_BOTH, Resource.TOPIC, (SUBSCRIPTIONS,)),
    Permission(_WRITE, Resource.TOPIC, (AUDIT,)),
    Permission(_WRITE, Resource.TRANSACTIONAL_ID, (TRANSACTIONAL_ID,)),
)


def permissions(layout: TopicLayout) -> Mapping[Role, Sequence[Permission]]:
    """List what each role needs in a deployment with these topics."""
    return {**_of_processes(layout), **_of_commands(layout)}


def _of_processes(layout: TopicLayout) -> dict[Role, Sequence[Permission]]:
    events, retries = layout.event_topics(), tuple(layout.retry_topics())
    return {
        Role.STREAM: (
            Permission(_READ, Resource.TOPIC, (*events, SUBSCRIPTIONS)),
            Permission(_WRITE, Resource.TOPIC, (*BEGINNINGS, REJECTED, SIGNALS)),
            Permission(_READ, Resource.GROUP, (STREAM_GROUP_ID,)),
            _READING,
        ),
        Role.EGRESS: (
            Permission(_READ, Resource.TOPIC, (*BEGINNINGS, REPLAY_DELIVERIES)),
            Permission(_BOTH, Resource.TOPIC, (*retries, CURSORS)),
            Permission(_WRITE, Resource.TOPIC, (DEAD_LETTERS, SIGNALS, ATTEMPTS)),
            Permission(_READ, Resource.GROUP, (EGRESS_GROUP_ID,)),
            *_CHANGING_SUBSCRIPTIONS,
            _READING,
        ),
        Role.TOPICS: (
            Permission(
                (Operation.CREATE, Operation.DESCRIBE, Operation.DESCRIBE_CONFIGS),
                Resource.TOPIC,
                tuple(spec.name for spec in layout.specs()),
            ),
        ),
    }


def _of_commands(layout: TopicLayout) -> dict[Role, Sequence[Permission]]:
    events, retries = layout.event_topics(), tuple(layout.retry_topics())
    return {
        Role.SUBSCRIPTIONS: (
            *_CHANGING_SUBSCRIPTIONS,
            # What waits for a subscription, and what happened to it.
            Permission(_READ, Resource.TOPIC, (*layout.delivery_topics(), CURSORS, SIGNALS)),
            Permission((Operation.DESCRIBE,), Resource.GROUP, (EGRESS_GROUP_ID, READER_GROUP_ID)),
        ),
        Role.DLQ: (
            Permission(_BOTH, Resource.TOPIC, (DEAD_LETTERS,)),
            Permission(_WRITE, Resource.TOPIC, (REPLAY_DELIVERIES, AUDIT)),
            _READING,
        ),
        Role.REPLAY: (
            Permission(_READ, Resource.TOPIC, (*events, SUBSCRIPTIONS, ATTEMPTS)),
            Permission(_BOTH, Resource.TOPIC, (REPLAYS,)),
            Permission(_WRITE, Resource.TOPIC, (REPLAY_DELIVERIES, DEAD_LETTERS, AUDIT)),
            _READING,
        ),
        Role.DELIVERIES: (
            # The subscriptions, to name hosts.
            Permission(_READ, Resource.TOPIC, (*layout.delivery_topics(), DEAD_LETTERS, ATTEMPTS, SUBSCRIPTIONS)),
            _READING,
        ),
        Role.EXPLAIN: (
            Permission(
                _READ,
                Resource.TOPIC,
                (*events, REJECTED, SUBSCRIPTIONS, *layout.delivery_topics(), DEAD_LETTERS, ATTEMPTS),
            ),
            Permission((Operation.DESCRIBE,), Resource.GROUP, (STREAM_GROUP_ID, READER_GROUP_ID)),
        ),
        Role.CONSOLE: _of_console(layout),
        Role.TOKENS: (
            Permission(_BOTH, Resource.TOPIC, (ACCESS,)),
            Permission(_WRITE, Resource.TOPIC, (AUDIT,)),
            _READING,
        ),
        Role.PORTAL: (
            Permission(_BOTH, Resource.TOPIC, (ACCESS,)),
            Permission(_WRITE, Resource.TOPIC, (AUDIT,)),
            Permission(_READ, Resource.TOPIC, (SUBSCRIPTIONS,)),
            _READING,
        ),
        Role.SIGNALS: (Permission(_READ, Resource.TOPIC, (SIGNALS,)), _READING),
        Role.AUDIT: (Permission(_READ, Resource.TOPIC, (AUDIT,)), _READING),
        Role.TEST: (
            Permission(_READ, Resource.TOPIC, (SUBSCRIPTIONS, ATTEMPTS)),
            Permission(_WRITE, Resource.TOPIC, (PRIORITY_DELIVERIES, AUDIT)),
            _READING,
        ),
        Role.TOP: (
            Permission(_READ, Resource.TOPIC, (*retries, CURSORS, SUBSCRIPTIONS, SIGNALS, ATTEMPTS)),
            # How far they reach.
            Permission((Operation.DESCRIBE,), Resource.TOPIC, (*events, *BEGINNINGS, REPLAY_DELIVERIES, DEAD_LETTERS)),
            Permission((Operation.DESCRIBE,), Resource.GROUP, (STREAM_GROUP_ID, EGRESS_GROUP_ID, READER_GROUP_ID)),
        ),
        Role.PUBLISHER: (Permission(_WRITE, Resource.TOPIC, events),),
    }


def _of_console(layout: TopicLayout) -> tuple[Permission, ...]:
    return (
        *_CHANGING_SUBSCRIPTIONS,
        # What it follows, and what it looks into when somebody asks: how far the stages are, and past events.
        Permission(
            _READ,
            Resource.TOPIC,
            (*layout.event_topics(), REJECTED, *layout.delivery_topics(), CURSORS, ATTEMPTS, SIGNALS, AUDIT),
        ),
        Permission((Operation.DESCRIBE,), Resource.GROUP, (STREAM_GROUP_ID, EGRESS_GROUP_ID, READER_GROUP_ID)),
        # To carry replays out, whose progress is there.
        Permission(_BOTH, Resource.TOPIC, (REPLAYS,)),
        # To begin deliveries again, and to send test events.
        Permission(_BOTH, Resource.TOPIC, (DEAD_LETTERS,)),
        Permission(_WRITE, Resource.TOPIC, (PRIORITY_DELIVERIES, REPLAY_DELIVERIES)),
        # Who may come in, and who has logged in.
        Permission(_BOTH, Resource.TOPIC, (ACCESS,)),
    )
