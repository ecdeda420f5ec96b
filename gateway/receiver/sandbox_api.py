"""Looking into the test receiver and steering it, over HTTP.

GET    /received   ?name=&limit=&after=    the requests kept, oldest first
DELETE /received   ?name=                  forget them, and the counts
GET    /stats                              counts by inbox
GET    /mode, /mode/{name}                 the fail mode
PUT    /mode, /mode/{name}                 {"mode": "flaky:0.3"}
PUT    /secrets, /secrets/{name}           {"secrets": ["whsec_…"]}; an empty list: signatures are not checked
GET    /healthz
"""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

import orjson
from aiohttp import web

from gateway.domain.errors import InvalidInputError
from gateway.receiver.bounded_body import BodyError, read_body
from gateway.receiver.inboxes import Inboxes
from gateway.receiver.json_answers import json_response, refusal

DEFAULT_LIMIT = 100
MAX_REQUEST_BYTES = 64 * 1024
_MAX_NUMBER_DIGITS = 12

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class SandboxApi:
    """The request handlers."""

    def __init__(self, inboxes: Inboxes) -> None:
        self._inboxes = inboxes

    def routes(self) -> list[web.RouteDef]:
        """List the routes."""
        return [
            web.get("/received", _checked(self._list)),
            web.delete("/received", _checked(self._clear)),
            web.get("/stats", _checked(self._stats)),
            web.get("/healthz", _checked(self._health)),
            *(web.get(path, _checked(self._get_mode)) for path in ("/mode", "/mode/{name}")),
            *(web.put(path, _checked(self._put_mode)) for path in ("/mode", "/mode/{name}")),
            *(web.put(path, _checked(self._put_secrets)) for path in ("/secrets", "/secrets/{name}")),
        ]

    async def _list(self, request: web.Request) -> web.StreamResponse:
        limit = _number(request, "limit")
        found = self._inboxes.store.select(
            name=request.query.get("name"),
            after=_number(request, "after"),
            limit=DEFAULT_LIMIT if limit is None else limit,
        )
        return json_response([received.as_json() for received in found])

    async def _clear(self, request: web.Request) -> web.StreamResponse:
        return json_response({"cleared": self._inboxes.clear(request.query.get("name"))})

    async def _stats(self, _: web.Request) -> web.StreamResponse:
        return json_response({name: asdict(stats) for name, stats in self._inboxes.stats().items()})

    async def _health(self, _: web.Request) -> web.StreamResponse:
        return json_response({"status": "ok"})

    async def _get_mode(self, request: web.Request) -> web.StreamResponse:
        return json_response({"mode": self._inboxes.mode(_name(request))})

    async def _put_mode(self, request: web.Request) -> web.StreamResponse:
        mode = (await _json_object(request)).get("mode")
        if not isinstance(mode, str):
            raise InvalidInputError("'mode' is not a text")
        self._inboxes.set_mode(_name(request), mode)
        return await self._get_mode(request)

    async def _put_secrets(self, request: web.Request) -> web.StreamResponse:
        secrets = (await _json_object(request)).get("secrets")
        if not isinstance(secrets, list) or not all(isinstance(secret, str) for secret in secrets):
            raise InvalidInputError("'secrets' is not a list of texts")
        self._inboxes.set_secrets(_name(request), secrets)
        return json_response({"secrets": len(secrets)})


def _checked(handler: Handler) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except InvalidInputError as error:
            message = error.message if error.hint is None else f"{error.message}: {error.hint}"
            return refusal(400, "invalid_input", message)
        except BodyError as error:
            return refusal(error.status, error.reason, str(error))

    return handle


def _name(request: web.Request) -> str | None:
    return request.match_info.get("name")


def _number(request: web.Request, name: str) -> int | None:
    text = request.query.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= _MAX_NUMBER_DIGITS):
        raise InvalidInputError(f"'{name}' is not a number")
    return int(text)


async def _json_object(request: web.Request) -> dict[str, Any]:
    try:
        value = orjson.loads(await read_body(request, MAX_REQUEST_BYTES))
    except orjson.JSONDecodeError as error:
        raise InvalidInputError(f"the body is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise InvalidInputError("the body is not a JSON object")
    return value
