"""Step ⑤, the sending half: one POST, and what came of it as a value. It never raises for what an endpoint does.

Bounds: the attempt's own time-out over everything, a capped read of the response (the rest is not read and the
connection is closed), no redirects, no cookies, no decompression, no proxy from the environment.
"""

import asyncio
import email.utils
import math
import ssl
import time
from collections.abc import Mapping

import aiohttp
from yarl import URL

from gateway import __version__
from gateway.domain.delivery import MAX_ERROR_CHARS, MAX_EXCERPT_CHARS
from gateway.domain.outcome import Answered, ErrorCode, Failed, SendResult
from gateway.http.guard import AddressRefusedError, guarded_socket_factory

USER_AGENT = f"webhook-gateway/{__version__}"
MAX_RESPONSE_BYTES = 65_536
CONNECT_TIMEOUT_S = 5.0
_KEEPALIVE_S = 30.0
_MAX_HEADER_BYTES = 16_384


class WebhookClient:
    """Sends deliveries over pooled keep-alive connections.

    Args:
        allow_insecure: development only: loopback and private addresses are accepted.
    """

    def __init__(self, *, allow_insecure: bool = False) -> None:
        tls = ssl.create_default_context()
        tls.minimum_version = ssl.TLSVersion.TLSv1_2
        connector = aiohttp.TCPConnector(
            limit=0,  # each lane bounds its own
            ssl=tls,
            keepalive_timeout=_KEEPALIVE_S,
            socket_factory=guarded_socket_factory(allow_insecure=allow_insecure),
            ttl_dns_cache=30,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            max_line_size=_MAX_HEADER_BYTES,
            max_field_size=_MAX_HEADER_BYTES,
            # Answers are not decompressed: what comes plain can be read in an attempt's excerpt.
            headers={"User-Agent": USER_AGENT, "Accept-Encoding": "identity"},
        )

    async def send(self, url: str, headers: Mapping[str, str], body: bytes, *, timeout_s: float) -> SendResult:
        """POST `body` once (twice where a reused connection turned out to be closed already).

        Args:
            url: the endpoint, accepted when the subscription was written.
            headers: the complete headers but for Host, Content-Length and User-Agent.
            body: the exact bytes that were signed.
            timeout_s: bound on the whole attempt, seconds.
        """
        clock = asyncio.get_running_loop().time
        deadline = clock() + timeout_s
        try:
            try:
                return await self._post(url, headers, body, timeout_s)
            except aiohttp.ClientConnectionError as error:
                if not _is_disconnect(error):
                    raise
            # The endpoint closed an idle connection just as it was reused: nothing was answered, so try once more.
            return await self._post(url, headers, body, max(deadline - clock(), 0.001))
        except Exception as error:  # noqa: BLE001 - whatever sending provokes is an outcome, judged in one place
            return _failure_of(error)

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes, timeout_s: float) -> SendResult:
        async with self._session.post(
            URL(url, encoded=True),
            data=body,
            headers=headers,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(
                total=timeout_s,
                sock_connect=min(CONNECT_TIMEOUT_S, timeout_s),
                ceil_threshold=math.inf,  # a time-out longer than this would be rounded up to a whole second
            ),
        ) as response:
            excerpt = await _read_capped(response)
            return Answered(response.status, _retry_after_s(response.headers.get("Retry-After")), _as_text(excerpt))

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()


async def _read_capped(response: aiohttp.ClientResponse) -> bytes:
    """Read at most MAX_RESPONSE_BYTES; a longer body costs the connection, not memory."""
    if response.content_length == 0:
        return b""
    excerpt = b""
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        excerpt += chunk[: MAX_EXCERPT_CHARS - len(excerpt)]
        if size > MAX_RESPONSE_BYTES:
            response.close()
            break
    return excerpt


def _as_text(excerpt: bytes) -> str:
    text = excerpt.decode("utf-8", "replace")
    return "".join(char if char.isprintable() or char == "\n" else " " for char in text)


def _retry_after_s(value: str | None) -> float | None:
    """Read `Retry-After`: seconds or an HTTP date (RFC 9110 section 10.2.3); anything else counts as absent."""
    if value is None or len(value) > 64:  # noqa: PLR2004 - no date or number is longer
        return None
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(email.utils.parsedate_to_datetime(value).timestamp() - time.time(), 0.0)
    except (ValueError, TypeError, OverflowError):
        return None


_DISCONNECTS = (aiohttp.ServerDisconnectedError, ConnectionResetError, BrokenPipeError)

# In this order: the first that fits names the failure.
_CODES: tuple[tuple[type[Exception] | tuple[type[Exception], ...], ErrorCode], ...] = (
    (AddressRefusedError, ErrorCode.ADDRESS_REFUSED),
    (aiohttp.ConnectionTimeoutError, ErrorCode.CONNECT_TIMEOUT),
    (TimeoutError, ErrorCode.TIMEOUT),
    (aiohttp.ClientConnectorDNSError, ErrorCode.DNS),
    ((aiohttp.ClientSSLError, ssl.SSLError), ErrorCode.TLS),
    ((aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError), ErrorCode.CONFIGURATION),
    # A response that breaks the protocol carries a made-up status 400: it is not the endpoint's own.
    ((aiohttp.ClientResponseError, aiohttp.ClientPayloadError), ErrorCode.INVALID_RESPONSE),
    (ConnectionRefusedError, ErrorCode.CONNECTION_REFUSED),
    (_DISCONNECTS, ErrorCode.CONNECTION_RESET),
    ((aiohttp.ClientError, OSError), ErrorCode.NETWORK),
)


def _failure_of(error: Exception) -> Failed:
    cause = _cause_of(error)
    detail = " ".join(str(error).split())[:MAX_ERROR_CHARS]
    for kinds, code in _CODES:
        if isinstance(cause, kinds):
            return Failed(code, detail)
    return Failed(ErrorCode.CONFIGURATION, f"{type(error).__name__}: {detail}"[:MAX_ERROR_CHARS])


def _is_disconnect(error: Exception) -> bool:
    """Tell a connection that ended before an answer from one that was never made."""
    return isinstance(_cause_of(error), _DISCONNECTS) and not isinstance(error, aiohttp.ClientConnectorError)


def _cause_of(error: Exception) -> Exception:
    if type(error) is aiohttp.ClientConnectorError:
        return error.os_error
    if type(error) is aiohttp.ClientOSError:
        return OSError(*error.args)  # becomes the subclass of its errno, e.g. ConnectionResetError
    return error
