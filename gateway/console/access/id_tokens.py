"""Checks what an identity provider says of a person: an id_token (OpenID Connect Core 1.0, section 3.1.3.7).

Only signatures with a key that is nobody else's count: the algorithms are listed here, never taken from the token, so
that a public key can't be used as a shared secret, and `none` is none.
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jwt

from gateway.console.access.claims import Claims
from gateway.domain.errors import GatewayError

LEEWAY_S = 60
MAX_TOKEN_CHARS = 131_072
MAX_KEYS = 100
# Asymmetric ones, with the type of key that each needs (RFC 7518 section 3.1, RFC 8037).
_ALGORITHMS = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), "RSA"),
    **dict.fromkeys(("ES256", "ES384", "ES512"), "EC"),
    "EdDSA": "OKP",
}
_SUBJECT = re.compile(r"[ -~]{1,255}")
_REQUIRED = ["iss", "sub", "aud", "exp", "iat", "nonce"]


class IdTokenError(GatewayError):
    """The token does not say who somebody is."""


class UnknownKeyError(IdTokenError):
    """It is signed with a key that is not among those that are known: there may be new ones."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token has to say.

    Attributes:
        issuer: who made it.
        client_id: for whom.
        nonce: for which log-in.
    """

    issuer: str
    client_id: str
    nonce: str


def check_id_token(token: str, keys: Sequence[Mapping[str, Any]], expected: Expected) -> Claims:
    """Give the claims of a token that is right.

    Args:
        token: as the provider gave it.
        keys: the provider's, as JSON Web Keys.
        expected: what it has to say.

    Raises:
        UnknownKeyError: none of the keys is the one that it names.
        IdTokenError: anything else is wrong; the message says what, and repeats nothing of the token.
    """
    if len(token) > MAX_TOKEN_CHARS:
        raise IdTokenError("the identity provider's token is too large")
    key = _key_for(_header(token), keys)
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[str(key.algorithm_name)],
            audience=expected.client_id,
            issuer=expected.issuer,
            leeway=LEEWAY_S,
            options={"require": _REQUIRED, "enforce_minimum_key_length": True},
        )
    except jwt.PyJWTError as error:
        raise IdTokenError(
            f"the identity provider's token is refused: {_REASONS.get(type(error), 'it is no token')}"
        ) from None
    _check_party(claims, expected.client_id)
    _check_subject(claims["sub"])
    nonce = claims["nonce"]
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise IdTokenError("the identity provider's token is refused: it belongs to another log-in")
    return claims


_REASONS: dict[type[Exception], str] = {
    jwt.ExpiredSignatureError: "it has expired",
    jwt.ImmatureSignatureError: "it is not valid yet",
    jwt.InvalidAudienceError: "it is for another client",
    jwt.InvalidIssuedAtError: "its time is none",
    jwt.InvalidIssuerError: "another issuer made it",
    jwt.InvalidSignatureError: "its signature is wrong",
    jwt.InvalidKeyError: "its key is too short",
    jwt.MissingRequiredClaimError: "a claim is missing",
}


def _header(token: str) -> dict[str, Any]:
    try:
        return jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        raise IdTokenError("the identity provider's token is refused: it is no token") from None


def _key_for(header: Mapping[str, Any], keys: Sequence[Mapping[str, Any]]) -> jwt.PyJWK:
    algorithm, key_id = header.get("alg"), header.get("kid")
    key_type = _ALGORITHMS.get(algorithm) if isinstance(algorithm, str) else None
    if key_type is None:
        raise IdTokenError(
            "the identity provider's token is refused: it is not signed in a way that is accepted",
            hint="it can be RS256, ES256 or EdDSA, among others",
        )
    fitting = [
        key
        for key in keys
        if key.get("kty") == key_type and key.get("use", "sig") == "sig" and key.get("alg", algorithm) == algorithm
    ]
    if key_id is not None:
        fitting = [key for key in fitting if key.get("kid") == key_id]
    if len(fitting) != 1:
        # Of several without a name, no one is meant.
        raise UnknownKeyError("the identity provider's token is refused: its key is not known")
    try:
        return jwt.PyJWK(dict(fitting[0]), algorithm)
    except jwt.PyJWTError:
        raise IdTokenError("the identity provider's token is refused: its key can't be used") from None


def _check_party(claims: Claims, client_id: str) -> None:
    """A token for several clients says for which of them it was asked (`azp`)."""
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    party = claims.get("azp")
    if (party is not None or several) and party != client_id:
        raise IdTokenError("the identity provider's token is refused: another client asked for it")


def _check_subject(subject: object) -> None:
    """What tells people apart is taken as it is (section 2): cut off, or made readable, two would become one."""
    if not isinstance(subject, str) or _SUBJECT.fullmatch(subject) is None:
        raise IdTokenError("the identity provider's token is refused: its subject is none")
