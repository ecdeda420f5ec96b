"""JSON responses of everything a receiver answers: a value, or `{"error", "message"}`."""

from collections.abc import Mapping

import orjson
from aiohttp import web


def json_response(value: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Answer a value as JSON."""
    return web.Response(
        status=status, body=orjson.dumps(value), content_type="application/json", headers=dict(headers or {})
    )


def refusal(status: int, reason: str, message: str, *, retry_after_s: int | None = None) -> web.Response:
    """Answer an error: a fixed word for programs, a sentence for people, and when to come again."""
    headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    return json_response({"error": reason, "message": message}, status=status, headers=headers)
