"""An OpenID Connect provider of the tests' own: real keys, real signatures, and every lie that it is asked to tell."""

import base64
import hashlib
import hmac
import secrets
import time
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import jwt
import orjson
from aiohttp import BasicAuth, web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

CLIENT_ID = "webhook-gateway"
ACCESS_TOKEN = "at-7b~_=="
CLIENT_SECRET = "s3cr:t of the console"
ADA = {
    "sub": "248289761001",
    "email": "ada@example.com",
    "email_verified": True,
    "groups": ["everybody", "webhook-ops"],
}
_Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


class IdentityProvider:
    """The provider.

    Attributes:
        claims: replaces claims of the next tokens; None takes one away.
        times: the same for those that are times, in seconds from now.
        headers: the same for their headers.
        key: signs them; None for no signature at all.
        algorithm: with which algorithm.
        published: the keys that it shows, by their ids.
        key_id: which of them a token names.
        document: replaces what it says of itself.
        answer: given to whoever exchanges a code, instead of a token.
        person: claims that are told to whoever asks with the access token; None where that can't be asked.
        asked: how often each path was asked for.
    """

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {}
        self.times: dict[str, int] = {}
        self.headers: dict[str, Any] = {}
        self.key: _Key | bytes | None = RSA_KEY
        self.algorithm = "RS256"
        self.published: dict[str, _Key] = {"rsa-1": RSA_KEY, "ec-1": EC_KEY}
        self.key_id = "rsa-1"
        self.document: dict[str, Any] = {}
        self.answer: web.Response | None = None
        self.person: dict[str, Any] | None = None
        self.asked: dict[str, int] = {}
        self._codes: dict[str, dict[str, str]] = {}
        app = web.Application(middlewares=[self._counted])
        app.router.add_get("/.well-known/openid-configuration", self._describe)
        app.router.add_get("/keys", self._keys)
        app.router.add_post("/token", self._token)
        app.router.add_get("/userinfo", self._userinfo)
        self._server = TestServer(app)

    async def __aenter__(self) -> Self:
        await self._server.start_server()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.close()

    @property
    def issuer(self) -> str:
        """Its name."""
        return f"http://127.0.0.1:{self._server.port}"

    def log_in(self, page: str) -> dict[str, str]:
        """Log its person in at the page that a browser was sent to; give what it is sent back with."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(page).query).items()}
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT_ID
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        return {"code": code, "state": asked["state"]}

    def token_for(self, nonce: str) -> str:
        """Make an id_token, with all that it was told to say wrongly."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            **ADA,
            **self.claims,
            **{name: now + shift_s for name, shift_s in self.times.items()},
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        headers = {name: value for name, value in {"kid": self.key_id, **self.headers}.items() if value is not None}
        if isinstance(self.key, bytes):
            return _signed_by_hand(claims, {"alg": self.algorithm, **headers}, self.key)
        return jwt.encode(claims, self.key or "", algorithm=self.algorithm if self.key else "none", headers=headers)

    @web.middleware
    async def _counted(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.asked[request.path] = self.asked.get(request.path, 0) + 1
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _describe(self, _: web.Request) -> web.Response:
        said = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }
        if self.person is not None:
            said["userinfo_endpoint"] = f"{self.issuer}/userinfo"
        return web.json_response({**said, **self.document})

    async def _keys(self, _: web.Request) -> web.Response:
        return web.json_response({"keys": [_as_jwk(name, key) for name, key in self.published.items()]})

    async def _userinfo(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {ACCESS_TOKEN}":
            return web.json_response({"error": "invalid_token"}, status=401)
        return web.json_response(self.person)

    async def _token(self, request: web.Request) -> web.Response:
        if self.answer is not None:
            return self.answer
        form = await request.post()
        asked = self._codes.pop(str(form["code"]), None)
        given = BasicAuth.decode(request.headers["Authorization"])
        verifier = str(form["code_verifier"]).encode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier).digest()).rstrip(b"=").decode()
        if (
            asked is None
            or (asked["code_challenge"], asked["redirect_uri"]) != (challenge, form["redirect_uri"])
            or (given.login, given.password) != (CLIENT_ID, "s3cr%3At+of+the+console")
        ):
            return web.json_response({"error": "invalid_grant", "error_description": "<b>no</b>"}, status=400)
        tokens = {"id_token": self.token_for(asked["nonce"]), "access_token": ACCESS_TOKEN}
        return web.json_response({"token_type": "Bearer", **tokens})


def public_pem(key: _Key) -> bytes:
    """Give what everybody may know of a key, as an attacker would use it for a shared secret."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _as_jwk(name: str, key: _Key) -> dict[str, Any]:
    made = (
        RSAAlgorithm.to_jwk(key.public_key())
        if isinstance(key, rsa.RSAPrivateKey)
        else ECAlgorithm.to_jwk(key.public_key())
    )
    return {**orjson.loads(made), "kid": name, "use": "sig"}


def _signed_by_hand(claims: dict[str, Any], headers: dict[str, Any], key: bytes) -> str:
    """HS256, with a key that PyJWT would not sign with."""
    parts = [base64.urlsafe_b64encode(orjson.dumps(part)).rstrip(b"=") for part in ({"typ": "JWT", **headers}, claims)]
    signature = hmac.digest(key, b".".join(parts), "sha256")
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()
