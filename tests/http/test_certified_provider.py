"""Logging in at a provider that others wrote, and that the OpenID Foundation has certified."""

import html
import re
import ssl
from collections.abc import Iterator

import aiohttp
import pytest
from yarl import URL

from gateway.console.access.logging_in import LoggingIn
from gateway.console.access.oidc_provider import OidcClient, OidcProvider
from gateway.console.access.people import NoRoleError, Person
from gateway.console.access.sealed_text import SealedText
from gateway.domain.access import Role
from gateway.http.identity_provider import IdentityProviderClient, ProviderRefusedError
from gateway.telemetry.clock import now_ms
from tests.certified_provider import CLIENT_SECRET, certified_provider

HERE = "https://console.example.com/login/callback"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """Run the provider."""
    with certified_provider(HERE) as issuer:
        yield issuer


async def log_in(issuer: str, client_id: str, secret: str | None, name: str = "webhook-ops") -> Person:
    """Go through a whole log-in as somebody."""
    client = OidcClient(issuer, client_id, secret, ("openid", "email", "groups"), "groups", {"webhook-ops": Role.ADMIN})
    provider = OidcProvider(client, IdentityProviderClient(ssl.create_default_context()))
    logging_in = LoggingIn(provider, SealedText(lambda: [bytes(32)]), now_ms)
    page, cookie = await logging_in.begin(HERE, "/")
    person, _ = await logging_in.end(cookie, await type_name_in(URL(page), name))
    return person


async def type_name_in(page: URL, name: str) -> dict[str, str]:
    """Fill the provider's forms in, as somebody does; give the parameters with which it sends them back."""
    form: dict[str, str] | None = None
    async with aiohttp.ClientSession() as browser:
        while not str(page).startswith(HERE):
            async with browser.request("POST" if form else "GET", page, data=form, allow_redirects=False) as answer:
                form, text = None, await answer.text()
            if "Location" in answer.headers:
                page = page.join(URL(answer.headers["Location"]))
                continue
            found = re.search('action="([^"]+)"', text)
            assert found is not None, text
            page = page.join(URL(html.unescape(found[1])))
            form = (
                {"prompt": "login", "login": name, "password": "x"} if 'name="login"' in text else {"prompt": "consent"}
            )
    return dict(page.query)


@pytest.mark.parametrize("client_id", ["RS256", "PS256", "ES256", "EdDSA", "public"])
async def test_somebody_logs_in(client_id: str, issuer: str) -> None:
    """However it signs, with a secret or without; it is asked for the groups, which the token does not name."""
    person = await log_in(issuer, client_id, None if client_id == "public" else CLIENT_SECRET)
    assert person == Person(f"user:webhook-ops@example.com (webhook-ops at {issuer})", "webhook-ops", Role.ADMIN, None)


async def test_who_is_in_no_group_is_refused(issuer: str) -> None:
    """The provider knows them, and they may do nothing."""
    with pytest.raises(NoRoleError):
        await log_in(issuer, "RS256", CLIENT_SECRET, "somebody")


async def test_a_wrong_secret_is_told(issuer: str) -> None:
    """By the word that the provider has for it."""
    with pytest.raises(ProviderRefusedError, match="invalid_client"):
        await log_in(issuer, "RS256", "wrong")
