"""The Helm chart's values know every setting of the program, with its bounds; `tests/chart` has what needs helm."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
import pytest
import yaml
from jsonschema import Draft7Validator

from tests.chart.values_schema import CHART, SCHEMA, SET_BY_THE_CHART, file_settings, fresh_schema, secret_settings
from tests.generated_docs import REFRESH

_VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())


def test_the_schema_of_values_is_fresh() -> None:
    """A setting that is new or has other bounds can be given in values at once."""
    assert SCHEMA.read_bytes() == fresh_schema(), f"{SCHEMA.name} is stale; run: {REFRESH}"


def test_every_secret_can_be_given_as_a_file() -> None:
    """The chart puts no secret into an environment: each needs a setting beside it that names a file."""
    files = set(file_settings())
    assert [name for name in secret_settings() if f"{name}_file" not in files] == []


def test_the_defaults_fit_their_schema() -> None:
    """Helm looks at them only with the first install."""
    Draft7Validator(orjson.loads(SCHEMA.read_bytes())).validate(_VALUES)


def test_schema_and_defaults_have_the_same_values() -> None:
    """A value that only the schema knows has no default to read; one that it does not know would be refused."""
    schema = orjson.loads(SCHEMA.read_bytes())
    assert set(_paths(schema, schema)) - {"global"} == set(_branches(_VALUES))


@pytest.mark.parametrize("name", sorted(SET_BY_THE_CHART))
def test_what_the_chart_lays_down_cannot_be_set_beside_it(name: str) -> None:
    """Two ways to set one thing would contradict each other."""
    assert name not in orjson.loads(SCHEMA.read_bytes())["definitions"]["config"]["properties"]


def _paths(schema: Mapping[str, Any], node: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Every value that the schema names, below objects whose members it lists."""
    if "$ref" in node:
        node = schema["definitions"][node["$ref"].rpartition("/")[2]]
    if path:
        yield path
    for name, below in node.get("properties", {}).items():
        yield from _paths(schema, below, f"{path}.{name}".lstrip("."))


def _branches(values: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Every value, but what is inside of one that Kubernetes lays down."""
    for name, value in values.items():
        here = f"{path}.{name}".lstrip(".")
        yield here
        if isinstance(value, dict) and name not in {"resources", "podSecurityContext", "securityContext"}:
            yield from _branches(value, here)
