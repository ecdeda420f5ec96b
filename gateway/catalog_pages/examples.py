"""An example of a request for each version: made-up data, the same every time."""

from dataclasses import dataclass
from random import Random
from typing import Any

import orjson

from gateway.domain.content_headers import SCHEMA_VERSION_HEADER
from gateway.domain.foreign_text import escape_json
from gateway.domain.signing import ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER
from gateway.shaping.projection import Projection
from gateway.shaping.sensitive import SensitiveFields
from gateway.shaping.views import View
from gateway.wire.catalog import EventSchema
from gateway.wire.json_data import data_from_json
from gateway.wire.mocking import mock_data
from gateway.wire.rendering import CONTENT_TYPE, render_body
from gateway.wire.single_object import HEADER_BYTES, SingleObjectWriter

_SEED = 2
_EVENT_ID = "evt-1"
_TIME_MS = 1_767_323_045_678
_ATTEMPT_S = _TIME_MS // 1000 + 1


@dataclass(frozen=True, slots=True)
class Example:
    """A request that a receiver could get.

    Attributes:
        headers: as (name, value) pairs.
        body: the body in content mode `webhook`, decoded; without the sensitive fields.
    """

    headers: tuple[tuple[str, str], ...]
    body: dict[str, Any]

    def text(self) -> str:
        """Give the request as it would look on the wire, but for the body's line breaks."""
        head = "".join(f"{name}: {value}\n" for name, value in self.headers)
        return f"POST /your-endpoint HTTP/1.1\n{head}\n{json_text(self.body)}"


def example_of(schema: EventSchema, sensitive: SensitiveFields) -> Example:
    """Make up a request for one version.

    Args:
        schema: the version.
        sensitive: the sensitive fields of its event type.
    """
    data = data_from_json(schema.nodes, mock_data(schema.nodes, Random(_SEED)))  # noqa: S311 - made-up data, no secrets
    view = View(schema, sensitive, sensitive.hidden_without(()))
    written = SingleObjectWriter(schema.parsed).encode(data)
    seen = Projection(schema.nodes, view.nodes).read(written, HEADER_BYTES)
    headers = (
        ("content-type", CONTENT_TYPE),
        (ID_HEADER, _EVENT_ID),
        (TIMESTAMP_HEADER, str(_ATTEMPT_S)),
        (SIGNATURE_HEADER, "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="),
        (SCHEMA_VERSION_HEADER, str(schema.version)),
    )
    body: dict[str, Any] = orjson.loads(render_body(_EVENT_ID, schema.event_type, _TIME_MS, seen))
    return Example(headers, body)


def json_text(value: object) -> str:
    """Write JSON for people to read; nothing in it acts on a terminal."""
    return escape_json(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())
