"""A version that somebody proposes over HTTP is told of, whatever it is: it is not a file that a gate has looked at."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import JsonValue

from gateway.console.access.caller import Caller
from gateway.console.api.parts import Parts
from gateway.console.api.routes import Call
from gateway.console.api.version_models import ImpactView, ProposalBody
from gateway.console.api.versions import VersionsApi
from gateway.domain.access import Role
from gateway.domain.matching import SubscriptionIndex
from gateway.wire.catalog import catalog_of
from tests.compatibility_cases import field, record
from tests.subscriptions import subscription

TYPE = "thing.made"
PRESENT = record(field("id", "string"), name="Thing")


async def impact_of(proposed: JsonValue) -> ImpactView:
    """Give what is told of a proposal, with a subscription that gets the type."""
    index = SubscriptionIndex()
    index.put(subscription("shop", event_types=("*",)))
    parts = SimpleNamespace(catalog=catalog_of({TYPE: {1: PRESENT}}), table=SimpleNamespace(index=index))
    (handle,) = (one.handle for one in VersionsApi(cast("Parts", parts)).routes() if one.name == "tellImpact")
    call = Call(Caller("me", Role.VIEWER), {"event_type": TYPE}, body=ProposalBody(avro=proposed))
    value = (await handle(call)).value
    assert isinstance(value, ImpactView)
    return value


def doubling(levels: int) -> Any:
    """Give a record that has 2^levels places for a field."""
    made: Any = {"type": "record", "name": "R0", "fields": [{"name": "x", "type": "int"}]}
    for level in range(1, levels):
        both = [{"name": "a", "type": made}, {"name": "b", "type": f"R{level - 1}"}]
        made = {"type": "record", "name": f"R{level}", "fields": both}
    return made


@pytest.mark.parametrize(
    "proposed",
    [
        None,
        5,
        "string",
        [],
        {"type": "record", "name": "Thing", "fields": "x"},
        {"type": "record", "name": "Thing", "fields": [{"name": "id", "type": "string", "aliases": [{}]}]},
        {"type": "record", "name": "Thing", "fields": [{"name": "id", "type": "string", "aliases": None}]},
        {"type": "record", "name": "Thing", "aliases": 5, "fields": [{"name": "id", "type": "string"}]},
        {"type": "record", "name": "Thing", "fields": [{"name": "id", "type": ["string", "string"]}]},
        {"type": "record", "name": "Thing", "fields": [{"name": "id", "type": "Thing"}]},
        doubling(40),
    ],
)
async def test_what_is_no_schema_has_problems(proposed: JsonValue) -> None:
    """And it is told which."""
    told = await impact_of(proposed)
    assert [one.detail for one in told.problems if one.detail]
    assert (told.version, told.compared) == (2, 1)


async def test_what_is_one_is_compared() -> None:
    """With what it changes."""
    told = await impact_of(record(field("id", "string"), field("note", "string", default=""), name="Thing"))
    assert ([one.path for one in told.differences], told.problems) == (["note"], [])
