"""Reads a request body up to a limit, however it is sent: with a length, in chunks or compressed."""

from aiohttp import web


class BodyTooLargeError(Exception):
    """The body is larger than the receiver takes: answer 413.

    Attributes:
        reason: a fixed word, as in `WebhookVerificationError`.
    """

    reason = "body_too_large"


async def read_body(request: web.Request, max_bytes: int) -> bytes:
    """Read the whole body; never holds much more than `max_bytes`.

    Raises:
        BodyTooLargeError: there is more of it.
    """
    body = bytearray()
    if (request.content_length or 0) <= max_bytes:
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > max_bytes:
                break
        else:
            return bytes(body)
    raise BodyTooLargeError(f"the body is larger than {max_bytes} bytes")
