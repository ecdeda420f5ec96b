"""The part of the chart's values that the program's settings lay down: `config` and `files`, as a JSON schema.

`make docs` writes it into `values.schema.json`, so that a setting that is new can be given in values, with its bounds;
`tests/unit/test_chart_values.py` fails while the chart has others.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import yaml

from gateway.settings import Settings

CHART = Path(__file__).resolve().parents[2] / "helm" / "webhook-gateway"
SCHEMA = CHART / "values.schema.json"
# What depends on how the chart lays out a pod. Values reach it: `catalog.volume`, `probes.port`, `console.index`.
SET_BY_THE_CHART = frozenset(
    {"home", "catalog_dir", "probes_address", "probes_port", "console_address", "console_port", "console_dir"}
)
_FILE = "_file"
_PROCESSES = ("stream", "egress", "console", "topics", "receiver")
_BOUNDS = ("enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "maxLength", "pattern", "type")


def file_settings() -> list[str]:
    """Name the settings that name a file."""
    return sorted(name for name in Settings.model_fields if name.endswith(_FILE))


def secret_settings() -> list[str]:
    """Name the settings that hold a secret: the chart sets none of them, but the file beside each."""
    return sorted(name for name, schema in _properties().items() if schema["writeOnly"])


def plain_settings() -> dict[str, dict[str, Any]]:
    """Map each setting that `config` takes to its type and bounds."""
    found = _properties()
    left_out = {*file_settings(), *secret_settings(), *SET_BY_THE_CHART}
    return {name: found[name]["schema"] for name in sorted(found) if name not in left_out}


def with_settings(schema: dict[str, Any]) -> dict[str, Any]:
    """Give the values' schema with the definitions of `config` and `files` made anew."""
    source = {
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": {name: {"type": "string"} for name in ("secret", "configMap", "key", "value")},
        "oneOf": [
            {"required": ["secret", "key"]},
            {"required": ["configMap", "key"]},
            {"required": ["value"]},
            {"type": "null"},
        ],
        "dependencies": {"value": {"not": {"required": ["key"]}}},
    }
    meanings = {name: Settings.model_fields[name].description or "" for name in file_settings()}
    definitions = schema["definitions"] | {
        "config": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                name: {"description": Settings.model_fields[name].description, **bounds}
                for name, bounds in plain_settings().items()
            },
        },
        "files": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                name: {"description": meaning, "allOf": [{"$ref": "#/definitions/source"}]}
                for name, meaning in meanings.items()
            },
        },
        "source": source,
    }
    return schema | {"definitions": definitions}


def fresh_schema() -> bytes:
    """Give the file's text as it has to be."""
    return orjson.dumps(with_settings(orjson.loads(SCHEMA.read_bytes())), option=orjson.OPT_INDENT_2) + b"\n"


def documented_values() -> list[tuple[str, str, str]]:
    """Path, default and meaning of each value; of processes that have the same one, together."""
    schema = orjson.loads(SCHEMA.read_bytes())
    defaults: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for path, meaning, default in _described(schema, schema, defaults):
        process, _, rest = path.partition(".")
        shared = rest if process in _PROCESSES else path
        found.setdefault((shared, meaning), []).append((process, default))
    rows = []
    for (path, meaning), each in found.items():
        processes = [process for process, _ in each]
        name = path if path.startswith(processes[0]) else f"{_together(processes)}.{path}"
        rows.append((name, " / ".join(dict.fromkeys(default for _, default in each)), meaning))
    return rows


def _together(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{{{','.join(names)}}}"


def _described(
    schema: Mapping[str, Any], node: Mapping[str, Any], default: Any, path: str = ""
) -> Iterator[tuple[str, str, str]]:
    if "$ref" in node:
        node = schema["definitions"][node["$ref"].rpartition("/")[2]]
    if path and "properties" not in node:
        yield path, node["description"], orjson.dumps(default).decode()
    if path and "description" in node and "properties" in node:
        # What is inside says less than the whole: a probe's three numbers.
        yield path, node["description"], orjson.dumps(default).decode()
        return
    for name, below in node.get("properties", {}).items():
        if name != "global":
            yield from _described(schema, below, default[name], f"{path}.{name}".lstrip("."))


def _properties() -> dict[str, dict[str, Any]]:
    found = {}
    for name, schema in Settings.model_json_schema()["properties"].items():
        variants = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
        bounds = {key: value for each in variants for key, value in each.items() if key in _BOUNDS}
        # None takes a default of the chart's back: Helm hands it on where a parent's values have the setting.
        bounds["type"] = [bounds["type"], "null"]
        if "enum" in bounds:
            bounds["enum"] = [*bounds["enum"], None]
        found[name] = {"writeOnly": any(each.get("writeOnly") for each in variants), "schema": bounds}
    return found
