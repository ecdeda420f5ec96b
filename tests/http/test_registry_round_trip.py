"""Whatever a catalog holds goes through a registry and back unchanged: its files, and events under its ids."""

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.admin.registered_versions import event_types_of
from gateway.admin.schema_pull import PullResult, SchemaPull
from gateway.admin.schema_push import PushResult, SchemaPush
from gateway.domain.subjects import SubjectNaming, subject_of
from gateway.kafka.registered_ids import RegisteredIds
from gateway.kafka.registry_access import RegistryAccess
from gateway.kafka.registry_client import RegistryClient
from gateway.kafka.schema_registry import HttpSchemaRegistry
from gateway.wire.catalog import Catalog, EventSchema, event_schema, load_event_type
from gateway.wire.event_codec import EventDecoder, EventRecord
from gateway.wire.event_encoder import EventEncoder, NewEvent
from gateway.wire.mocking import mock_data
from tests.registry_server import RegistryState, registry_server
from tests.schema_histories import histories

TYPE = "thing.made"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def registry() -> Iterator[tuple[RegistryState, str]]:
    """A registry that compares nothing: whether versions fit each other is not the question here."""
    state = RegistryState(level="NONE")
    with registry_server(state) as url:
        yield state, url


def distinct(history: list[Any]) -> list[EventSchema]:
    """Give a history's versions that a record can tell apart, numbered as they come."""
    found: dict[bytes, Any] = {}
    for source in history:
        found.setdefault(event_schema(Path("x"), TYPE, 1, source).fingerprint, source)
    return [event_schema(Path("x"), TYPE, number, source) for number, source in enumerate(found.values(), 1)]


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(history=histories(), naming=st.sampled_from(SubjectNaming))
def test_every_catalog_survives_a_registry(
    registry: tuple[RegistryState, str], history: list[Any], naming: SubjectNaming
) -> None:
    """Pushed, pulled, and each version's event decoded as that version by the id that it got."""
    state, url = registry
    state.subjects.clear()
    schemas = distinct(history)
    with RegistryClient(RegistryAccess(url)) as client, tempfile.TemporaryDirectory() as folder:
        pushed = list(SchemaPush(client, naming).run(schemas))
        assert {each.result for each in pushed} == {PushResult.REGISTERED}
        pull = SchemaPull(client, Path(folder), event_types_of(schemas))
        subjects = {subject_of(naming, TYPE, schema.record_name): None for schema in schemas}
        assert {each.result for each in pull.run(subjects, only_known=False)} == {PullResult.WRITTEN}
        pulled = load_event_type(Path(folder) / TYPE)
        assert [schema.source for schema in pulled] == [schema.source for schema in schemas]

        catalog = Catalog(schemas)
        encoder = EventEncoder(catalog, schema_ids=RegisteredIds(client, naming))
        with HttpSchemaRegistry(RegistryAccess(url)) as ids:
            decoder = EventDecoder(catalog, ids)
            for schema in schemas:
                data = mock_data(schema.nodes, Random(schema.version))  # noqa: S311 - made-up data, no secrets
                sent = encoder.encode(NewEvent(TYPE, data, schema.version), new_id="evt", now=NOW)
                decoded = decoder.decode(EventRecord(sent.topic, 0, 0, 0, None, sent.value, sent.headers))
                assert decoded.event.schema_version == schema.version
