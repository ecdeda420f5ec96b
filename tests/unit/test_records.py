"""What is written as a record is read as the same thing, each field in its place."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.delivery import Attempt, AttemptSummary, Delivery, Priority
from gateway.domain.event import SourcePosition
from gateway.domain.subscription import (
    ClientCertificate,
    ContentMode,
    CustomHeader,
    OnFilterError,
    Sealed,
    Subscription,
)
from gateway.wire.errors import UndecodableError
from gateway.wire.record_codec import RecordCodec
from gateway.wire.records import CursorRecord, attempt_codec, cursor_codec, delivery_codec, subscription_codec
from gateway.wire.schema_files import read_versions, schemas_root
from gateway.wire.single_object import SingleObjectWriter
from tests.subscriptions import subscription

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ints = st.integers(-(2**31), 2**31 - 1)
longs = st.integers(-(2**63), 2**63 - 1)


def of(kind: type[Any], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Any value of a record, fields filled by their types."""
    by_type: dict[Any, st.SearchStrategy[Any]] = {
        str: texts,
        bytes: st.binary(max_size=20),
        int: ints,
        str | None: st.none() | texts,
        int | None: st.none() | ints,
        bytes | None: st.none() | st.binary(max_size=20),
        tuple[str, ...]: st.lists(texts, max_size=3).map(tuple),
        tuple[tuple[str, str], ...]: st.lists(st.tuples(texts, texts), max_size=3).map(tuple),
    }
    filled = {field.name: by_type[field.type] for field in dataclasses.fields(kind) if field.name not in fields}
    return st.builds(kind, **{**filled, **fields})


summaries = st.lists(of(AttemptSummary, started_at_ms=longs), max_size=3).map(tuple)
sources = st.builds(SourcePosition, texts, ints, longs)
deliveries = of(
    Delivery,
    source=sources,
    attempts=summaries,
    priority=st.sampled_from(Priority),
    planned_at_ms=longs,
    due_at_ms=longs,
    not_before_ms=longs,
    dead_lettered_at_ms=st.none() | longs,
)
attempts = of(
    Attempt,
    started_at_ms=longs,
    due_at_ms=st.none() | longs,
)
cursors = of(CursorRecord, offset=st.integers(0, 2**63 - 1), attempts=summaries, due_at_ms=longs)
sealed_values = of(Sealed)


def subscription_with(**fields: Any) -> Subscription:
    return dataclasses.replace(subscription("s1"), **fields)


subscriptions = st.builds(
    subscription_with,
    headers=st.lists(of(CustomHeader, value=sealed_values), max_size=3).map(tuple),
    ca_bundle=st.none() | texts,
    client_certificate=st.none() | of(ClientCertificate, key=sealed_values),
    pins=st.dictionaries(texts, ints).map(lambda pins: tuple(sorted(pins.items()))),
    follow_latest=st.booleans(),
    content_mode=st.sampled_from(ContentMode),
    filter=st.none() | texts,
    on_filter_error=st.sampled_from(OnFilterError),
    sensitive_grants=st.lists(texts, max_size=3).map(tuple),
    transform=st.none() | texts,
)


def check_round_trip(codec: RecordCodec[Any], record: object) -> None:
    assert codec.decode(codec.encode(record)) == record


@given(deliveries)
def test_a_delivery_is_read_as_it_was_written(delivery: Delivery) -> None:
    """With every field, whatever is in it."""
    check_round_trip(delivery_codec(), delivery)


@given(attempts)
def test_an_attempt_is_read_as_it_was_written(attempt: Attempt) -> None:
    """With every field, whatever is in it."""
    check_round_trip(attempt_codec(), attempt)


@given(cursors)
def test_a_cursor_is_read_as_it_was_written(cursor: CursorRecord) -> None:
    """With every field, whatever is in it."""
    check_round_trip(cursor_codec(), cursor)


@given(subscriptions)
def test_a_subscription_is_read_as_it_was_written(one: Subscription) -> None:
    """With everything that it can have, or without."""
    check_round_trip(subscription_codec(), one)


@pytest.mark.parametrize("codec", [delivery_codec(), attempt_codec(), cursor_codec(), subscription_codec()])
@given(value=st.none() | st.binary(max_size=60))
def test_what_is_no_record_is_undecodable(codec: RecordCodec[Any], value: bytes | None) -> None:
    """Any other bytes, and a tombstone, are told as what they are."""
    with pytest.raises(UndecodableError):
        codec.decode(value)


def test_a_subscription_with_a_tier_that_is_none_is_undecodable() -> None:
    """Whoever wrote it into the topic: the reader passes it over, and does not end."""
    schema = read_versions(schemas_root() / "gateway" / "subscription")[2]
    value = {"subscription_id": "s", "tenant": "t", "url": "u", "event_types": [], "secrets": [], "retry_tiers": ["1y"]}
    rest = {field["name"]: field["default"] for field in schema["fields"] if "default" in field}
    times = {"created_at_ms": 0, "updated_at_ms": 0, "revision": 1}
    with pytest.raises(UndecodableError):
        subscription_codec().decode(SingleObjectWriter(schema).encode({**rest, **times, **value}))


@given(deliveries, st.integers(10, 40))
def test_a_record_that_is_cut_off_is_undecodable(delivery: Delivery, end: int) -> None:
    """Its beginning alone is never taken for the whole."""
    with pytest.raises(UndecodableError):
        delivery_codec().decode(delivery_codec().encode(delivery)[:end])
