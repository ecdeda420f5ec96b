"""What the API's handlers work with: given by whoever puts the process together."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from gateway.admin.definition import DefinitionRules
from gateway.console.access.caller import Caller
from gateway.console.access.entrance import Entrance
from gateway.console.index_reader import IndexReader
from gateway.console.indexer import Indexer
from gateway.console.live_tail import LiveTail
from gateway.console.replay_desk import Replaying
from gateway.domain.audit import ActionTarget
from gateway.domain.changes import ChangeStore
from gateway.domain.topics import TopicLayout
from gateway.kafka.config import KafkaConfig
from gateway.kafka.credential_book import CredentialBook
from gateway.kafka.subscription_table import SubscriptionTable
from gateway.wire.catalog import Catalog
from gateway.wire.event_codec import EventDecoder
from gateway.wire.sealing import KeyRing


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a console.

    Attributes:
        version: of the program.
        config: how to reach Kafka.
        layout: the deployment's topics.
        indexer: keeps the index up to date.
        reader: asks it.
        table: the subscriptions.
        credentials: who may come in.
        entrance: the ways in for people.
        store: gives what changes them for a caller, in the caller's name and tenant.
        audit: notes in the audit trail what a caller is about to do to something, like `dead_letters_replayed`.
        rules: what they have to keep.
        key_ring: seals their secrets; raises a GatewayError where there are no keys.
        catalog: the event types.
        event_decoder: gives what decodes events while it is open; with a schema registry, where there is one.
        max_body_bytes: how large a body may be.
        live_tail: tells of attempts as they happen.
        replays: the replays.
        clock: gives the present, milliseconds since the epoch.
    """

    version: str
    config: KafkaConfig
    layout: TopicLayout
    indexer: Indexer
    reader: IndexReader
    table: SubscriptionTable
    credentials: CredentialBook
    entrance: Entrance
    store: Callable[[Caller], ChangeStore]
    audit: Callable[[Caller, str, Sequence[ActionTarget]], None]
    rules: DefinitionRules
    key_ring: Callable[[], KeyRing]
    catalog: Catalog
    event_decoder: Callable[[], AbstractContextManager[EventDecoder]]
    max_body_bytes: int
    live_tail: LiveTail
    replays: Replaying
    clock: Callable[[], int]
