"""The API's description: OpenAPI 3.1 made from the routes and their models, and a page of it for people."""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from gateway.console.api.problems import CONTENT_TYPE, Problem
from gateway.console.api.routes import PREFIX, Route
from gateway.console.api.streaming import CONTENT_TYPE as EVENT_STREAM

_JSON = "application/json"
_REF = "#/components/schemas/{model}"
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "description": "the ETag that was seen: the change is refused with 412 if somebody else made one since",
    "schema": {"type": "string", "maxLength": 64},
}
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "sent again with the same key within ten minutes, the request is answered again, not done again",
    "schema": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$"},
}
_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
code { font-family: ui-monospace, monospace; font-size: .9em; overflow-wrap: anywhere; }
section { margin: 1.5rem 0; } dt { font-weight: 600; } dd { margin: 0 0 .4rem 1.2rem; }
h3 code { font-size: 1em; }
"""


def describe_api(routes: Sequence[Route], version: str) -> dict[str, Any]:
    """Give the OpenAPI 3.1 document of some routes.

    Args:
        routes: in the order in which they are told.
        version: of the program.
    """
    references, schemas = _schemas(routes)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(PREFIX + route.path, {})[route.method.lower()] = _operation(route, references, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "webhook-gateway console",
            "version": version,
            "description": "What became of events and deliveries, and who gets them. Times are milliseconds since the "
            "epoch. Errors are problem details (RFC 9457).",
        },
        "paths": paths,
        "components": {"schemas": schemas},
    }


_Mode = Literal["validation", "serialization"]
_References = Mapping[Any, Any]
"""The reference to each model's schema, by the model and its mode, as pydantic gives them."""


def _schemas(routes: Sequence[Route]) -> tuple[_References, dict[str, Any]]:
    models: dict[tuple[type[BaseModel], _Mode], None] = {(Problem, "serialization"): None}
    for route in routes:
        for given in (route.query, route.body):
            if given is not None:
                models[given, "validation"] = None
        for answered in (route.answers, *(route.events or {}).values()):
            if answered is not None:
                models[answered, "serialization"] = None
    references, document = models_json_schema(list(models), ref_template=_REF)
    return references, document["$defs"]


def _operation(route: Route, references: _References, schemas: dict[str, Any]) -> dict[str, Any]:
    parameters = [*_path_parameters(route), *_query_parameters(route, references, schemas)]
    if route.matches:
        parameters.append(_IF_MATCH)
    if route.repeats:
        parameters.append(_IDEMPOTENCY_KEY)
    success: dict[str, Any] = {"description": "done" if route.answers is None else "the answer"}
    if route.answers is not None:
        success["content"] = {_JSON: {"schema": references[route.answers, "serialization"]}}
    if route.events is not None:
        # OpenAPI 3.1 has no word for the items of a stream.
        of_data = {name: references[model, "serialization"] for name, model in route.events.items()}
        success["description"] = "server-sent events; `x-events` has the schema of each one's data, by its name"
        success["content"] = {EVENT_STREAM: {"schema": {"type": "string"}, "x-events": of_data}}
    problem = {
        "description": "a problem",
        "content": {CONTENT_TYPE: {"schema": references[Problem, "serialization"]}},
    }
    operation = {
        "operationId": route.name,
        "summary": route.summary,
        "tags": [route.tag],
        "x-role": route.role.value,
        "x-portal": route.portal,
        "x-scope": route.scope.value,
        "parameters": parameters,
        "responses": {str(route.status): success, "default": problem},
    }
    if route.body is not None:
        content = {_JSON: {"schema": references[route.body, "validation"]}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _path_parameters(route: Route) -> Iterator[dict[str, Any]]:
    for name in re.findall(r"{(\w+)}", route.path):
        schema = {"type": "string", "minLength": 1, "maxLength": 256, "pattern": "^[!-.0-~]+$"}
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _query_parameters(route: Route, references: _References, schemas: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if route.query is None:
        return
    schema = schemas[references[route.query, "validation"]["$ref"].rpartition("/")[2]]
    for name, found in schema["properties"].items():
        described = {key: value for key, value in found.items() if key not in {"description", "title"}}
        parameter: dict[str, Any] = {"name": name, "in": "query", "schema": described}
        if "description" in found:
            parameter["description"] = found["description"]
        if name in schema.get("required", ()):
            parameter["required"] = True
        yield parameter


def reference_page(routes: Sequence[Route], version: str) -> str:
    """Give a page about the routes that needs nothing from elsewhere: no script, no font, no style sheet.

    Args:
        routes: in the order in which they are told.
        version: of the program.
    """
    document = describe_api(routes, version)
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8>",
        "<meta name=viewport content='width=device-width, initial-scale=1'>",
        f"<title>{_text(document['info']['title'])}</title><style>{_STYLE}</style>",
        f"<h1>{_text(document['info']['title'])} {_text(version)}</h1>",
        f"<p>{_text(document['info']['description'])}</p>",
        "<p><a href='/api/openapi.json'>OpenAPI document</a></p>",
    ]
    tag = ""
    for route in routes:
        if route.tag != tag:
            tag = route.tag
            parts.append(f"<h2>{_text(tag.capitalize())}</h2>")
        parts += _section(route, document["paths"][PREFIX + route.path][route.method.lower()])
    return "\n".join(parts)


def _section(route: Route, operation: dict[str, Any]) -> Iterator[str]:
    yield f"<section id='{_text(route.name)}'><h3><code>{route.method} {_text(PREFIX + route.path)}</code></h3>"
    yield f"<p>{_text(route.summary)} Role: {route.role.value}.</p>"
    if operation["parameters"] or route.body is not None:
        yield "<dl>"
        for parameter in operation["parameters"]:
            about = _text(parameter.get("description", ""))
            yield f"<dt><code>{_text(parameter['name'])}</code> ({parameter['in']})</dt><dd>{about}</dd>"
        for name, field in (route.body.model_fields if route.body else {}).items():
            yield f"<dt><code>{_text(name)}</code> (body)</dt><dd>{_text(field.description or '')}</dd>"
        yield "</dl>"
    yield "</section>"


def _text(text: str) -> str:
    return html.escape(text, quote=True)
