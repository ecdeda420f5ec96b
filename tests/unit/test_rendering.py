"""The exact bytes of a body: golden files for the catalog, a table for each type that JSON lacks."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from gateway.domain.event import Event, SourcePosition
from gateway.wire.catalog import load_catalog
from gateway.wire.json_data import data_from_json
from gateway.wire.rendering import render_data, render_webhook
from gateway.wire.schema_files import schemas_root
from gateway.wire.single_object import HEADER_BYTES, SingleObjectWriter, decode_body

GOLDEN = Path(__file__).parent / "golden"
CATALOG = load_catalog(schemas_root() / "events")


def event(event_type: str, version: int) -> Event:
    return Event(
        event_id="evt-1",
        event_type=event_type,
        schema_version=version,
        time_ms=1_767_323_045_678,
        source="/shop",
        subject=None,
        tenant="default",
        traceparent=None,
        key=None,
        position=SourcePosition("events.order", 0, 1),
    )


@pytest.mark.parametrize(
    ("event_type", "version"), [(name, version) for name in CATALOG.event_types() for version in CATALOG.versions(name)]
)
def test_bodies_stay_what_receivers_know(event_type: str, version: int) -> None:
    """The data of each golden body, through Avro and back, must give the same bytes again."""
    schema = CATALOG.entry(event_type, version)
    golden = (GOLDEN / f"{event_type}.{version}.json").read_bytes().rstrip(b"\n")
    data = data_from_json(schema.nodes, orjson.loads(golden)["data"])
    decoded = decode_body(SingleObjectWriter(schema.parsed).encode(data), HEADER_BYTES, schema.parsed)
    assert render_webhook(event(event_type, version), decoded) == golden


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC), "2026-01-02T03:04:05.678Z"),
        (datetime(2026, 1, 2, 3, 4, 5, 0, UTC), "2026-01-02T03:04:05.000Z"),
        (datetime(2026, 1, 2, 3, 4, 5, 678_901, UTC), "2026-01-02T03:04:05.678901Z"),
        (datetime(2026, 1, 2, 3, 4, 5, 0, timezone(timedelta(hours=2))), "2026-01-02T01:04:05.000Z"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00.000Z"),
        (datetime(2026, 1, 2, 3, 4, 5, 678_000), "2026-01-02T03:04:05.678"),  # noqa: DTZ001 - a local timestamp
        (date(2026, 1, 2), "2026-01-02"),
        (time(3, 4, 5, 678_000), "03:04:05.678"),
        (time(3, 4, 5, 1), "03:04:05.000001"),
        (Decimal("12.30"), "12.30"),
        (Decimal("-0.05"), "-0.05"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0E-8"), "0.00000000"),
        (UUID("6f0a4a0e-5b0c-4d3b-9a5e-0f2c7f1f2c11"), "6f0a4a0e-5b0c-4d3b-9a5e-0f2c7f1f2c11"),
        (b"\x00\xff", "AP8="),
        (float("nan"), None),
        (float("inf"), None),
        (2**63 - 1, 2**63 - 1),
        ("Zürich ☃", "Zürich ☃"),
    ],
)
def test_types_that_json_lacks_have_one_form(value: Any, expected: Any) -> None:
    """One row per type that Avro decodes to."""
    assert orjson.loads(render_data({"value": value})) == {"value": expected}


def test_the_envelope_is_compact_and_in_order() -> None:
    """Receivers of other webhook systems know this shape."""
    body = render_webhook(event("order.paid", 1), {"a": [1, None, True]})
    assert body == (
        b'{"id":"evt-1","type":"order.paid","timestamp":"2026-01-02T03:04:05.678Z","data":{"a":[1,null,true]}}'
    )


def test_a_type_that_no_schema_gives_is_an_error() -> None:
    """Nothing is rendered by accident."""
    with pytest.raises(TypeError):
        render_data({"value": object()})
