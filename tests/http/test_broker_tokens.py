"""The tokens that Faust's client logs in with: got from a server, kept while they are good, and no secret lost."""

import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiokafka.errors import KafkaConnectionError

from gateway.kafka.security import TokenLogin
from gateway.stream.broker_login import ClientTokens
from tests.certificates import Authority

SECRET = "hush:hush/ü"


class TokenServer:
    """Gives a new token for each request, or another answer."""

    def __init__(self) -> None:
        self.requests: list[tuple[str | None, dict[str, str]]] = []
        self.lifetime_s = 600.0
        self.answer: web.Response | None = None

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request."""
        self.requests.append(
            (request.headers.get("Authorization"), {k: str(v) for k, v in (await request.post()).items()})
        )
        if self.answer is not None:
            return self.answer
        return web.json_response({"access_token": f"token-{len(self.requests)}", "expires_in": self.lifetime_s})


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[tuple[TokenServer, TokenLogin]]:
    """Run a token server over TLS; gives also how to log in to it."""
    authority = Authority(tmp_path)
    handler = TokenServer()
    app = web.Application()
    app.router.add_post("/token", handler.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=authority.server())
    await site.start()
    port = runner.addresses[0][1]
    yield handler, TokenLogin(f"https://127.0.0.1:{port}/token", "gateway", SECRET, "kafka", authority.file)
    await runner.cleanup()


async def test_a_token_is_asked_for_with_the_clients_credentials_and_kept(
    server: tuple[TokenServer, TokenLogin],
) -> None:
    """RFC 6749, section 4.4: credentials in the header, never in the form; connections share a token."""
    handler, login = server
    tokens = ClientTokens(login)

    assert [await tokens.token(), await tokens.token()] == ["token-1", "token-1"]
    credentials = "Basic " + base64.b64encode(f"gateway:{SECRET}".encode()).decode()
    assert handler.requests == [(credentials, {"grant_type": "client_credentials", "scope": "kafka"})]


async def test_a_token_that_is_old_or_tells_no_age_is_not_kept(server: tuple[TokenServer, TokenLogin]) -> None:
    """The broker would refuse it."""
    handler, login = server
    handler.lifetime_s = 0.0
    tokens = ClientTokens(login)

    assert [await tokens.token(), await tokens.token()] == ["token-1", "token-2"]


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 401, "text": SECRET},
        {"status": 302, "headers": {"Location": "/elsewhere"}},
        {"status": 200, "text": "<html>"},
        {"status": 200, "text": "[]"},
        {"status": 200, "text": '{"access_token": 7}'},
        {"status": 200, "text": '{"access_token": "x", "expires_in": "soon"}'},
        {"status": 200, "text": "x" * 70_000},
    ],
)
async def test_any_other_answer_is_trouble_that_the_client_retries(
    server: tuple[TokenServer, TokenLogin], answer: dict[str, object]
) -> None:
    """One request, no redirect followed, and the error shows neither the secret nor the answer."""
    handler, login = server
    handler.answer = web.Response(**answer)  # type: ignore[arg-type]

    with pytest.raises(KafkaConnectionError, match=r"no token from https://127.0.0.1:\d+/token") as refused:
        await ClientTokens(login).token()

    assert len(handler.requests) == 1
    assert SECRET not in repr(refused.value)


async def test_a_server_that_nobody_vouches_for_gets_no_secret(server: tuple[TokenServer, TokenLogin]) -> None:
    """Its certificate is verified before anything is sent."""
    handler, login = server

    with pytest.raises(KafkaConnectionError, match="no token"):
        await ClientTokens(TokenLogin(login.token_url, login.client_id, SECRET)).token()

    assert handler.requests == []


async def test_a_server_that_is_away_is_trouble(server: tuple[TokenServer, TokenLogin]) -> None:
    """As a broker that is away is."""
    _, login = server
    away = TokenLogin("http://127.0.0.1:1/token", login.client_id, SECRET)

    async with asyncio.timeout(20):
        with pytest.raises(KafkaConnectionError, match="no token"):
            await ClientTokens(away).token()
