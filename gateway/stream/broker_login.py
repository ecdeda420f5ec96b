"""How Faust's client, which is aiokafka, logs in: from the same description as every other client."""

import asyncio
import time
from http import HTTPStatus
from typing import Any

import aiohttp
import orjson
from aiokafka.abc import AbstractTokenProvider
from aiokafka.errors import KafkaConnectionError
from faust.auth import Credentials, OAuthCredentials, SASLCredentials, SSLCredentials

from gateway.kafka.security import KafkaSecurity, TokenLogin, trusting

_TIMEOUT_S = 10.0
_MAX_ANSWER_BYTES = 65_536
# As librdkafka does; a token is renewed before it ends.
_RENEW_AT_SHARE = 0.8


def faust_credentials(security: KafkaSecurity) -> Credentials | None:
    """Give what Faust wants for its `broker_credentials`; None for a connection in the clear.

    Raises:
        InvalidInputError: a file of it can't be used.
    """
    context = None if security.tls is None else security.tls.context()
    login = security.login
    if login is None:
        return None if context is None else SSLCredentials(context)
    if isinstance(login, TokenLogin):
        return OAuthCredentials(oauth_cb=ClientTokens(login), ssl_context=context)
    return SASLCredentials(
        mechanism=login.mechanism, username=login.username, password=login.password, ssl_context=context
    )


class ClientTokens(AbstractTokenProvider):  # type: ignore[misc] # aiokafka carries no types
    """Tokens for a client's own credentials (RFC 6749 section 4.4), each used until it is old.

    Args:
        login: where to get them, and as whom.
    """

    def __init__(self, login: TokenLogin) -> None:
        self._login = login
        self._tls = trusting(login.ca_file)
        self._token = ""
        self._renew_at = 0.0

    async def token(self) -> str:
        """Give a token that is valid for some time yet.

        Raises:
            KafkaConnectionError: none is to be had now; the client tries again.
        """
        if time.monotonic() >= self._renew_at:
            try:
                async with asyncio.timeout(_TIMEOUT_S):
                    self._take(await self._ask(), time.monotonic())
            except (OSError, aiohttp.ClientError, TimeoutError) as error:
                raise KafkaConnectionError(f"no token from {self._login.token_url}: {error!r}") from error
        return self._token

    async def _ask(self) -> bytes:
        form = {"grant_type": "client_credentials"}
        if self._login.scope is not None:
            form["scope"] = self._login.scope
        credentials = aiohttp.encode_basic_auth(self._login.client_id, self._login.client_secret)
        # Tokens are asked for a few times an hour. A redirect is not followed: the secret is for this URL only.
        async with (
            aiohttp.ClientSession(headers={"Authorization": credentials}) as session,
            session.post(self._login.token_url, data=form, ssl=self._tls, allow_redirects=False) as answer,
        ):
            if answer.status != HTTPStatus.OK:
                raise KafkaConnectionError(f"no token from {self._login.token_url}: it answered {answer.status}")
            body = b""
            async for chunk in answer.content.iter_any():
                body += chunk
                if len(body) > _MAX_ANSWER_BYTES:
                    raise KafkaConnectionError(f"no token from {self._login.token_url}: its answer has no end")
            return body

    def _take(self, answer: bytes, now: float) -> None:
        try:
            found: dict[str, Any] = orjson.loads(answer)
            token, lifetime_s = found["access_token"], float(found.get("expires_in", 0))
        except (ValueError, TypeError, KeyError, AttributeError):
            raise KafkaConnectionError(f"no token from {self._login.token_url}: its answer is not one") from None
        if not isinstance(token, str):
            raise KafkaConnectionError(f"no token from {self._login.token_url}: its answer is not one")
        self._token, self._renew_at = token, now + lifetime_s * _RENEW_AT_SHARE
