"""Reads a request by its route's description: what it does not allow is refused before anything is done."""

from http import HTTPStatus
from typing import Any

import orjson
from aiohttp import hdrs, web
from pydantic import BaseModel, ValidationError

from gateway.console.access.caller import Caller
from gateway.console.api.problems import ProblemError
from gateway.console.api.routes import Call, Route


def read_call(request: web.Request, body: bytes, route: Route, caller: Caller) -> Call:
    """Give what is asked for.

    Args:
        request: the request.
        body: its body.
        route: what it is made to.
        caller: who makes it.

    Raises:
        ProblemError: it is not as the route wants it.
    """
    return Call(
        caller=caller,
        path=dict(request.match_info),
        query=_query(request, route.query),
        body=_body(request, body, route.body),
        if_match=_if_match(request) if route.matches else None,
    )


def _query(request: web.Request, model: type[BaseModel] | None) -> BaseModel | None:
    if model is None:
        if request.query:
            name = next(iter(request.query))
            raise ProblemError(HTTPStatus.BAD_REQUEST, "invalid_query", "there is no such parameter", field=name)
        return None
    values: dict[str, Any] = {}
    for name in request.query:
        given = request.query.getall(name)
        known = model.model_fields.get(name)
        is_list = known is not None and "list" in str(known.annotation)
        if len(given) > 1 and not is_list:
            raise ProblemError(HTTPStatus.BAD_REQUEST, "invalid_query", "it is given more than once", field=name)
        values[name] = given if is_list else given[0]
    return _validated(model, values, "invalid_query")


def _body(request: web.Request, body: bytes, model: type[BaseModel] | None) -> BaseModel | None:
    if model is None:
        return None
    if request.content_type != "application/json":
        raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not_json", "the body has to be application/json")
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ProblemError(HTTPStatus.BAD_REQUEST, "not_json", f"the body is not JSON: {error}") from None
    return _validated(model, value, "invalid_body")


def _validated(model: type[BaseModel], value: object, code: str) -> BaseModel:
    try:
        return model.model_validate(value)
    except ValidationError as error:
        # Without what was given: it may be a secret.
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or None
        raise ProblemError(HTTPStatus.BAD_REQUEST, code, first["msg"], field=field) from None


def _if_match(request: web.Request) -> int | None:
    """Read the revision that the caller has seen; None for any.

    Raises:
        ProblemError: it is none of ours.
    """
    given = request.headers.get(hdrs.IF_MATCH)
    if given is None or given.strip() == "*":
        return None
    text = given.strip().strip('"')
    if not (text.isascii() and text.isdecimal() and len(text) < 10):  # noqa: PLR2004 - digits of a number that fits
        raise ProblemError(HTTPStatus.PRECONDITION_FAILED, "changed_meanwhile", "If-Match is no ETag of a subscription")
    return int(text)
