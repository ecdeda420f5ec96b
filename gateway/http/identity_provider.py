"""Asks an identity provider: the operator's own choice, so its address is not judged, and still not trusted further.

An answer is a JSON object of at most MAX_ANSWER_BYTES, complete within TIMEOUT_S. Redirects are not followed: what
proves who we are goes to the URL that was named and nowhere else. Log-ins are rare, so each question has a connection
of its own.
"""

import asyncio
import ssl
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import orjson

from gateway.domain.errors import GatewayError, UnavailableError
from gateway.http.exchange import USER_AGENT

TIMEOUT_S = 10.0
# The keys of the largest providers take some 20 KB.
MAX_ANSWER_BYTES = 262_144
_MAX_CODE_CHARS = 64
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
_HEADERS = {"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "identity"}


def is_private(url: str) -> bool:
    """Tell whether nobody between here and a URL can read along: https, or plain http on this machine."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or not url.isascii() or not url.isprintable() or parts.username is not None or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in _THIS_MACHINE)


class ProviderRefusedError(GatewayError):
    """The provider says no, or says something that is no answer.

    Attributes:
        code: the error's code, where the answer names one (RFC 6749 section 5.2).
    """

    def __init__(self, message: str, *, hint: str | None = None, code: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.code = code


class IdentityProviderClient:
    """Asks for JSON. On the running event loop.

    Args:
        tls: who is trusted for https.
    """

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls

    async def get(self, url: str, *, bearer: str | None = None) -> dict[str, Any]:
        """Give the JSON object at a URL.

        Args:
            url: the URL.
            bearer: an access token that allows to ask (RFC 6750), None for none.

        Raises:
            UnavailableError: the provider can't be reached, or not in time.
            ProviderRefusedError: it answers with anything but 200 and a JSON object that is not too large.
        """
        return await self._ask("GET", url, headers={} if bearer is None else {"Authorization": f"Bearer {bearer}"})

    async def post(self, url: str, form: Mapping[str, str], *, basic: tuple[str, str] | None = None) -> dict[str, Any]:
        """Send a form; give the JSON object that is answered.

        Args:
            url: where to.
            form: its fields.
            basic: user and password (RFC 7617), None for none.

        Raises:
            UnavailableError: see `get`.
            ProviderRefusedError: see `get`.
        """
        authorization = {} if basic is None else {"Authorization": aiohttp.encode_basic_auth(*basic)}
        return await self._ask("POST", url, data=form, headers=authorization)

    async def _ask(self, method: str, url: str, **request: Any) -> dict[str, Any]:  # noqa: ANN401 - aiohttp's parameters
        host = urlsplit(url).netloc
        try:
            async with (
                asyncio.timeout(TIMEOUT_S),
                aiohttp.ClientSession(headers=_HEADERS, auto_decompress=False) as session,
                session.request(method, url, ssl=self._tls, allow_redirects=False, **request) as answer,
            ):
                body = await _bounded(answer, host)
        except (OSError, aiohttp.ClientError, TimeoutError) as error:
            raise UnavailableError(
                f"the identity provider at {host} can't be reached: {_why(error)}",
                hint="try again in a moment; API tokens are taken meanwhile",
            ) from None
        found = _parse(body)
        if answer.status != HTTPStatus.OK:
            code = error_code(found.get("error") if found else None)
            told = f": {code}" if code else ""
            raise ProviderRefusedError(f"the identity provider at {host} answered {answer.status}{told}", code=code)
        if found is None:
            raise ProviderRefusedError(f"the identity provider at {host} answered no JSON object")
        return found


async def _bounded(answer: aiohttp.ClientResponse, host: str) -> bytes:
    body = bytearray()
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise ProviderRefusedError(f"the identity provider at {host} answers more than {MAX_ANSWER_BYTES} bytes")
    return bytes(body)


def _parse(body: bytes) -> dict[str, Any] | None:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def error_code(given: object) -> str | None:
    """Give the code of an error, which is a word; None for anything else, which is not to be repeated."""
    if not isinstance(given, str) or len(given) > _MAX_CODE_CHARS:
        return None
    return given if given.isascii() and given.replace("_", "").isalnum() else None


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {TIMEOUT_S:g} s"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "its certificate is not trusted"
    return type(error).__name__
