"""Reads a request body up to a limit, however it is sent: with a length, in chunks or compressed."""

from aiohttp import web


class BodyError(Exception):
    """The body can't be taken.

    Attributes:
        status: the HTTP status to answer.
        reason: a fixed word, as in `WebhookVerificationError`.
    """

    status = 400
    reason = "unreadable_body"


class BodyTooLargeError(BodyError):
    """The body is larger than the receiver takes."""

    status = 413
    reason = "body_too_large"


async def read_body(request: web.Request, max_bytes: int) -> bytes:
    """Read the whole body; never holds much more than `max_bytes`.

    Raises:
        BodyTooLargeError: there is more of it.
        BodyError: it does not decompress, or is not framed as it says.
    """
    too_large = BodyTooLargeError(f"the body is larger than {max_bytes} bytes")
    if (request.content_length or 0) > max_bytes:
        raise too_large
    body = bytearray()
    try:
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > max_bytes:
                raise too_large
    except web.RequestPayloadError as error:
        raise BodyError("the body can't be read as its headers describe it") from error
    return bytes(body)
