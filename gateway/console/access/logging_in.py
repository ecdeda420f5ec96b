"""A log-in at an identity provider, from its beginning to its end: the authorization code flow with PKCE (RFC 9700).

What the end has to fit to is with the browser that began, in a sealed cookie of ten minutes: this process keeps
nothing, so the end may come to another console. Nobody can finish in one browser what was begun in another, and the
way back leads to a page of this console only.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from urllib.parse import urlencode, urlsplit

import orjson

from gateway.console.access.oidc_provider import OidcProvider
from gateway.console.access.people import Person, person_of
from gateway.console.access.sealed_text import SealedText
from gateway.domain.errors import GatewayError
from gateway.http.identity_provider import error_code

LOG_IN_S = 600
PURPOSE = "log-in cookie"
MAX_BACK_CHARS = 1_024
_RANDOM_BYTES = 32
_BACK = re.compile(r"/(?![/\\])[!-\[\]-~]*\Z")


class LogInError(GatewayError):
    """The log-in can't be finished; begun anew, it may."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A log-in that was begun.

    Attributes:
        state: has to come back with the code (RFC 6749 section 10.12).
        nonce: has to be in the token.
        verifier: proves to the provider that whoever has the code began it.
        redirect_uri: where the provider sends the browser back to.
        back: the page to end at.
        until_ms: when it is too late.
    """

    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    redirect_uri: str
    back: str
    until_ms: int


class LoggingIn:
    """Begins and ends log-ins.

    Args:
        provider: where people prove who they are.
        sealed: seals the cookie.
        clock: gives the present, milliseconds since the epoch.
    """

    def __init__(self, provider: OidcProvider, sealed: SealedText, clock: Callable[[], int]) -> None:
        self._provider = provider
        self._sealed = sealed
        self._clock = clock

    async def begin(self, redirect_uri: str, back: str) -> tuple[str, str]:
        """Give the provider's page to send a browser to, and the cookie to send with it.

        Args:
            redirect_uri: where the provider sends the browser back to.
            back: the page of this console to end at; what is none ends at the first.

        Raises:
            GatewayError: the provider can't be reached, or is not as it should be.
        """
        endpoints = await self._provider.endpoints()
        state, nonce, verifier = (secrets.token_urlsafe(_RANDOM_BYTES) for _ in range(3))
        begun = Begun(state, nonce, verifier, redirect_uri, safe_back(back), self._clock() + LOG_IN_S * 1000)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self._provider.client.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(self._provider.client.scopes),
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        joint = "&" if urlsplit(endpoints.authorization).query else "?"
        page = f"{endpoints.authorization}{joint}{urlencode(asked)}"
        return page, self._sealed.seal(orjson.dumps(asdict(begun)).decode())

    async def end(self, cookie: str | None, answer: Mapping[str, str]) -> tuple[Person, str]:
        """Give who logged in, and the page to end at.

        Args:
            cookie: as the browser has it; None where it has none.
            answer: the parameters that the provider sent the browser back with.

        Raises:
            LogInError: this browser began no such log-in, it is too late, or the provider says no.
            NoRoleError: they may not enter.
            GatewayError: the provider can't be reached, or is not as it should be.
        """
        begun = self._begun(cookie)
        if not hmac.compare_digest(answer.get("state", "").encode(), begun.state.encode()):
            raise LogInError("this log-in was not begun here", hint="begin anew")
        issuer = self._provider.client.issuer
        endpoints = await self._provider.endpoints()
        if answer.get("iss", None if endpoints.names_itself else issuer) != issuer:
            raise LogInError("the answer is another identity provider's", hint="begin anew")
        code = answer.get("code")
        if code is None or "error" in answer:
            reason = error_code(answer.get("error"))
            told = f": {reason}" if reason else ""
            raise LogInError(f"the identity provider did not log you in{told}", hint="begin anew")
        claims = await self._provider.claims_for(code, begun.verifier, begun.redirect_uri, begun.nonce)
        return person_of(claims, self._provider.client), begun.back

    def _begun(self, cookie: str | None) -> Begun:
        text = None if cookie is None else self._sealed.open(cookie)
        if text is None:
            raise LogInError("this browser began no log-in", hint="begin anew; cookies have to be allowed")
        begun = Begun(**orjson.loads(text))
        if self._clock() >= begun.until_ms:
            raise LogInError("logging in took too long", hint="begin anew")
        return begun


def safe_back(back: str) -> str:
    """Give a page of this console, as a path with its query: what could lead elsewhere is the first page.

    Args:
        back: anything.
    """
    return back if len(back) <= MAX_BACK_CHARS and _BACK.match(back) is not None else "/"
