"""An OpenID Connect provider as it describes itself: where people log in, and the keys that it signs with.

Both are asked for when they are first needed, and kept for an hour. A token that is signed with a key that is not
among them asks for the keys once more, as providers replace theirs; at most once a minute, so that made-up tokens
don't make us ask.
"""

import asyncio
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

from gateway.console.access.claims import Claims, claim_at
from gateway.console.access.id_tokens import MAX_KEYS, Expected, UnknownKeyError, check_id_token
from gateway.domain.access import Role
from gateway.http.identity_provider import IdentityProviderClient, ProviderRefusedError, is_private

KEPT_S = 3600.0
KEYS_AGAIN_S = 60.0
# RFC 6750 section 2.1.
_BEARER = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_DISCOVERY = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True)
class OidcClient:
    """Who the console is to a provider, and what it makes of what the provider says.

    Attributes:
        issuer: the provider's name, an https URL; exactly as it is in its tokens.
        client_id: the console's id there.
        client_secret: its secret; None for a public client.
        scopes: what is asked for; `openid` among them.
        role_claim: the claim with a person's groups: its name, or the path to it with dots.
        roles: which role a group gives.
        tenant_claim: the claim with a person's tenant; None where nobody is limited to one.
    """

    issuer: str
    client_id: str
    client_secret: str | None = field(repr=False)
    scopes: tuple[str, ...]
    role_claim: str
    roles: Mapping[str, Role]
    tenant_claim: str | None = None

    def is_told_by(self, claims: Claims) -> bool:
        """Tell whether what decides is among some claims."""
        counting = filter(None, (self.role_claim, self.tenant_claim))
        return all(claim_at(claims, claim) is not None for claim in counting)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where a provider does what (OpenID Connect Discovery 1.0, section 3).

    Attributes:
        authorization: where people log in.
        token: where codes are exchanged.
        keys: where its keys are.
        person: where it tells more of who has logged in; None where it does not.
        posts_secret: takes the client's secret in the form only, not as Basic authentication.
        names_itself: says in each answer who it is (RFC 9207).
    """

    authorization: str
    token: str
    keys: str
    person: str | None
    posts_secret: bool
    names_itself: bool


class OidcProvider:
    """One provider, on one event loop.

    Args:
        client: who we are to it.
        http: asks it.
        clock: a monotonic clock, seconds.
    """

    def __init__(
        self, client: OidcClient, http: IdentityProviderClient, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.client = client
        self._http = http
        self._clock = clock
        self._lock = asyncio.Lock()
        self._endpoints: Endpoints | None = None
        self._endpoints_until_s = 0.0
        self._keys: Sequence[Mapping[str, Any]] = ()
        self._keys_until_s = 0.0
        self._keys_asked_s = float("-inf")

    async def endpoints(self) -> Endpoints:
        """Give where the provider does what.

        Raises:
            UnavailableError: it can't be reached.
            ProviderRefusedError: it does not say so, or says that it is another one.
        """
        async with self._lock:
            if self._endpoints is None or self._clock() >= self._endpoints_until_s:
                found = await self._http.get(self.client.issuer.rstrip("/") + _DISCOVERY)
                self._endpoints = _endpoints(found, self.client.issuer)
                self._endpoints_until_s = self._clock() + KEPT_S
            return self._endpoints

    async def claims_for(self, code: str, verifier: str, redirect_uri: str, nonce: str) -> Claims:
        """Exchange a code for what the provider says of the person who logged in.

        Many providers put into the token what is asked for there only, and tell the rest where one asks with the access
        token (OpenID Connect Core 1.0, section 5.4). They are asked where the token does not say what decides.

        Args:
            code: as the provider gave it to the browser.
            verifier: whose hash was sent when the log-in began (PKCE, RFC 7636).
            redirect_uri: as it was sent then.
            nonce: as it was sent then.

        Raises:
            UnavailableError: the provider can't be reached.
            ProviderRefusedError: it refuses the code.
            IdTokenError: what it says is not right.
        """
        endpoints = await self.endpoints()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        basic = None
        if self.client.client_secret is None:
            form["client_id"] = self.client.client_id
        elif endpoints.posts_secret:
            form |= {"client_id": self.client.client_id, "client_secret": self.client.client_secret}
        else:
            # Percent-encoded before they are joined: RFC 6749 section 2.3.1.
            basic = (quote_plus(self.client.client_id), quote_plus(self.client.client_secret))
        answer = await self._exchanged(endpoints, form, basic)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise ProviderRefusedError("the identity provider gave no id_token", hint="is it asked for scope openid?")
        claims = await self._checked(token, Expected(self.client.issuer, self.client.client_id, nonce))
        access_token = answer.get("access_token")
        if endpoints.person is None or not isinstance(access_token, str) or self.client.is_told_by(claims):
            return claims
        return {**await self._told_of(claims["sub"], endpoints.person, access_token), **claims}

    async def _exchanged(
        self, endpoints: Endpoints, form: Mapping[str, str], basic: tuple[str, str] | None
    ) -> Mapping[str, Any]:
        try:
            return await self._http.post(endpoints.token, form, basic=basic)
        except ProviderRefusedError as error:
            if error.code != "invalid_client":
                raise
            method = "client_secret_basic" if basic else "client_secret_post" if "client_secret" in form else "none"
            raise ProviderRefusedError(
                error.message,
                hint=f"the client's id or secret is wrong, or it may not authenticate there as {method}",
                code=error.code,
            ) from None

    async def _told_of(self, subject: str, url: str, access_token: str) -> Claims:
        if _BEARER.fullmatch(access_token) is None:
            raise ProviderRefusedError("the identity provider's access token is none")
        claims = await self._http.get(url, bearer=access_token)
        # As section 5.3.2 demands: the access token may be somebody else's.
        if claims.get("sub") != subject:
            raise ProviderRefusedError("the identity provider tells of somebody else than who has logged in")
        return claims

    async def _checked(self, token: str, expected: Expected) -> Claims:
        try:
            return check_id_token(token, await self._known_keys(), expected)
        except UnknownKeyError:
            return check_id_token(token, await self._newer_keys(), expected)

    async def _known_keys(self) -> Sequence[Mapping[str, Any]]:
        if self._clock() >= self._keys_until_s:
            await self._ask_for_keys()
        return self._keys

    async def _newer_keys(self) -> Sequence[Mapping[str, Any]]:
        if self._clock() - self._keys_asked_s >= KEYS_AGAIN_S:
            await self._ask_for_keys()
        return self._keys

    async def _ask_for_keys(self) -> None:
        endpoints = await self.endpoints()
        async with self._lock:
            self._keys_asked_s = self._clock()
            found = await self._http.get(endpoints.keys)
            keys = found.get("keys")
            if not isinstance(keys, list) or len(keys) > MAX_KEYS:
                raise ProviderRefusedError("the identity provider's keys are none")
            self._keys = [key for key in keys if isinstance(key, dict)]
            self._keys_until_s = self._clock() + KEPT_S


def _endpoints(found: Mapping[str, Any], issuer: str) -> Endpoints:
    if found.get("issuer") != issuer:
        raise ProviderRefusedError(
            "the identity provider says that it is another issuer",
            hint="GATEWAY_OIDC_ISSUER has to be what its configuration calls `issuer`, to the last slash",
        )
    methods = found.get("token_endpoint_auth_methods_supported")
    methods = methods if isinstance(methods, list) else ["client_secret_basic"]
    return Endpoints(
        authorization=_url(found, "authorization_endpoint"),
        token=_url(found, "token_endpoint"),
        keys=_url(found, "jwks_uri"),
        person=_url(found, "userinfo_endpoint") if found.get("userinfo_endpoint") is not None else None,
        posts_secret="client_secret_basic" not in methods and "client_secret_post" in methods,
        names_itself=found.get("authorization_response_iss_parameter_supported") is True,
    )


def _url(found: Mapping[str, Any], name: str) -> str:
    url = found.get(name)
    if not isinstance(url, str) or not is_private(url):
        raise ProviderRefusedError(f"the identity provider's {name} is no https URL")
    return url
