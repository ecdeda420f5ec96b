"""People log in to a running console, and their sessions live on when it is stopped and started."""

import asyncio
from http import HTTPStatus
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from tests.e2e.console import Console
from tests.e2e.running import GatewayHome
from tests.identity_provider import CLIENT_ID, CLIENT_SECRET, IdentityProvider

pytestmark = pytest.mark.timeout(180, func_only=True)


async def start(home: GatewayHome, folder: Path, provider: IdentityProvider) -> Console:
    """Start a console that everybody has to log in to."""
    settings = {
        "GATEWAY_CONSOLE_PORT": "0",
        "GATEWAY_CONSOLE_DIR": str(folder),
        "GATEWAY_CONSOLE_LOGIN": "always",
        "GATEWAY_OIDC_ISSUER": provider.issuer,
        "GATEWAY_OIDC_CLIENT_ID": CLIENT_ID,
        "GATEWAY_OIDC_CLIENT_SECRET": CLIENT_SECRET,
        "GATEWAY_OIDC_ROLES": "webhook-ops=operator",
    }
    return await Console(home.start("console", **settings)).listening()


async def test_a_session_is_known_after_a_restart_and_ends_with_logging_out(home: GatewayHome, tmp_path: Path) -> None:
    """Somebody comes by way of their identity provider, and leaves; what opens a session is in no log."""
    jar = aiohttp.CookieJar(unsafe=True)  # of an address, not of a name
    async with IdentityProvider() as provider, aiohttp.ClientSession(cookie_jar=jar) as browser:
        console = await start(home, tmp_path, provider)
        async with browser.get(f"{console.url}/api/v1/subscriptions") as answer:
            assert answer.status == HTTPStatus.UNAUTHORIZED
        async with browser.get(f"{console.url}/login/oidc?back=/tail", allow_redirects=False) as answer:
            page = answer.headers["Location"]
        end = URL(console.url).with_path("/login/callback").with_query(provider.log_in(page))
        async with browser.get(end, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (HTTPStatus.SEE_OTHER, "/tail")
        secrets = [cookie.value.rpartition("_")[2] for cookie in jar]
        assert await asyncio.to_thread(console.program.stop) == 0
        logged = console.program.whole_log

        console = await start(home, tmp_path, provider)
        async with browser.get(f"{console.url}/api/v1/session") as answer:
            session = await answer.json()
        name = f"user:ada@example.com (248289761001 at {provider.issuer})"
        assert session["caller"] == {"name": name, "role": "operator", "tenant": None}
        headers = {"Origin": console.url, "X-CSRF-Token": session["csrf_token"]}
        async with browser.delete(f"{console.url}/api/v1/session", headers=headers) as answer:
            assert answer.status == HTTPStatus.NO_CONTENT
        async with browser.get(f"{console.url}/api/v1/subscriptions") as answer:
            assert answer.status == HTTPStatus.UNAUTHORIZED
        assert console.program.stop() == 0
    assert "security.logged_in" in logged
    assert not any(secret in logged + console.program.whole_log for secret in (*secrets, CLIENT_SECRET))
