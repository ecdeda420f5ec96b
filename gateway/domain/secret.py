"""Signing secrets as people see them, and what they sign (Standard Webhooks, "Signature scheme").

    whsec_  base64 of 24 to 64 random bytes: an HMAC key, which sender and receiver share
    whsk_   base64 of 64 bytes: the 32-byte seed of an ed25519 private key, then its public key; for the sender alone
    whpk_   base64 of the 32-byte public key: for the receiver; no secret

The prefix tells the type, also of a secret that was sealed. Nothing else is read: no other length, no base64 that is
not canonical, no key pair whose halves don't belong together. What is secret appears in no `repr` and no message.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field
from enum import Enum
from typing import ClassVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from gateway.domain.errors import InvalidInputError

HMAC_PREFIX = "whsec_"
ED25519_PREFIX = "whsk_"
PUBLIC_KEY_PREFIX = "whpk_"
V1 = "v1"
V1A = "v1a"
MIN_HMAC_BYTES = 24
MAX_HMAC_BYTES = 64
GENERATED_BYTES = 32
SEED_BYTES = 32
PUBLIC_KEY_BYTES = 32

# Points of order 1, 2, 4 and 8 by their y (RFC 8032, 5.1): under such a "key" a stranger's signatures verify.
_FIELD = 2**255 - 19
_ORDER_8_Y = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL_ORDER_YS = frozenset({0, 1, _FIELD - 1, _ORDER_8_Y, _FIELD - _ORDER_8_Y})
_SIGN_BIT = 1 << 255


class SecretType(Enum):
    """How a secret signs: HMAC-SHA256 (version `v1`) or ed25519 (version `v1a`)."""

    HMAC = "hmac"
    ED25519 = "ed25519"


@dataclass(frozen=True, slots=True)
class HmacSecret:
    """A key that sender and receiver share. Its bytes never appear in `repr`."""

    type: ClassVar[SecretType] = SecretType.HMAC
    version: ClassVar[str] = V1

    key: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """The form in which it is shown once and imported."""
        return _encode(HMAC_PREFIX, self.key)

    def sign(self, content: bytes) -> bytes:
        """Give the HMAC-SHA256 of `content`."""
        return hmac.digest(self.key, content, hashlib.sha256)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A receiver's half of an ed25519 key pair; it verifies and can't sign.

    Attributes:
        key: its 32 bytes (RFC 8032).
    """

    key: bytes
    _verifier: Ed25519PublicKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Built once: it costs more than what is done with it.
        object.__setattr__(self, "_verifier", Ed25519PublicKey.from_public_bytes(self.key))

    @property
    def text(self) -> str:
        """The form in which it is shown and given to a receiver."""
        return _encode(PUBLIC_KEY_PREFIX, self.key)

    def verifies(self, signature: bytes, content: bytes) -> bool:
        """Tell whether `signature` was made over `content` with the private key of the pair."""
        try:
            self._verifier.verify(signature, content)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Ed25519Secret:
    """A key pair, of which the receiver gets only the public key. Its seed never appears in `repr`.

    Attributes:
        seed: the 32 bytes that the private key is made of (RFC 8032).
        public_key: the receiver's half.
    """

    type: ClassVar[SecretType] = SecretType.ED25519
    version: ClassVar[str] = V1A

    seed: bytes = field(repr=False)
    public_key: PublicKey = field(init=False, compare=False)
    _signer: Ed25519PrivateKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Built once for all that is signed with it.
        signer = Ed25519PrivateKey.from_private_bytes(self.seed)
        object.__setattr__(self, "_signer", signer)
        object.__setattr__(self, "public_key", PublicKey(signer.public_key().public_bytes_raw()))

    @property
    def text(self) -> str:
        """The form in which it is imported and sealed."""
        return _encode(ED25519_PREFIX, self.seed + self.public_key.key)

    def sign(self, content: bytes) -> bytes:
        """Give the 64-byte ed25519 signature of `content`."""
        return self._signer.sign(content)


SigningSecret = HmacSecret | Ed25519Secret


def parse_secret(text: str) -> SigningSecret:
    """Read `whsec_…` or `whsk_…`, strictly.

    Raises:
        InvalidInputError: it is anything else. The message never repeats the secret.
    """
    if text.startswith(HMAC_PREFIX):
        return parse_hmac_secret(text)
    if text.startswith(ED25519_PREFIX):
        return _parse_key_pair(text)
    if text.startswith(PUBLIC_KEY_PREFIX):
        raise InvalidInputError(
            "a public key (whpk_) can't sign", hint="the sender needs the key pair (whsk_) that it belongs to"
        )
    raise InvalidInputError("a signing secret begins with whsec_ or whsk_", hint="leave it out to have one generated")


def parse_hmac_secret(text: str) -> HmacSecret:
    """Read `whsec_` and canonical padded base64 of 24 to 64 bytes.

    Raises:
        InvalidInputError: it is anything else. The message never repeats the secret.
    """
    key = _decode(HMAC_PREFIX, "signing secret", text)
    if not MIN_HMAC_BYTES <= len(key) <= MAX_HMAC_BYTES:
        raise InvalidInputError(
            f"a signing secret has {MIN_HMAC_BYTES} to {MAX_HMAC_BYTES} bytes, this one has {len(key)}"
        )
    return HmacSecret(key)


def parse_public_key(text: str) -> PublicKey:
    """Read `whpk_` and canonical padded base64 of the 32 bytes of a public key.

    Raises:
        InvalidInputError: it is anything else, or a key under which a stranger can sign.
    """
    key = _decode(PUBLIC_KEY_PREFIX, "public key", text)
    if len(key) != PUBLIC_KEY_BYTES:
        raise InvalidInputError(f"a public key has {PUBLIC_KEY_BYTES} bytes, this one has {len(key)}")
    y = int.from_bytes(key, "little") & ~_SIGN_BIT
    if y >= _FIELD or y in _SMALL_ORDER_YS:
        raise InvalidInputError("the public key after whpk_ is not that of a key pair")
    return PublicKey(key)


def _parse_key_pair(text: str) -> Ed25519Secret:
    pair = _decode(ED25519_PREFIX, "key pair", text)
    if len(pair) != SEED_BYTES + PUBLIC_KEY_BYTES:
        raise InvalidInputError(
            f"a key pair has {SEED_BYTES + PUBLIC_KEY_BYTES} bytes, this one has {len(pair)}",
            hint="after whsk_ comes the base64 of the seed and the public key, 32 bytes each",
        )
    secret = Ed25519Secret(pair[:SEED_BYTES])
    if not hmac.compare_digest(secret.public_key.key, pair[SEED_BYTES:]):
        raise InvalidInputError("the halves of the key pair after whsk_ don't belong together")
    return secret


def _encode(prefix: str, content: bytes) -> str:
    return prefix + base64.b64encode(content).decode()


def _decode(prefix: str, what: str, text: str) -> bytes:
    encoded = text.removeprefix(prefix)
    if encoded == text:
        raise InvalidInputError(f"a {what} begins with {prefix}")
    try:
        content = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInputError(f"the {what} is not valid base64 after {prefix}") from None
    if base64.b64encode(content).decode() != encoded:
        raise InvalidInputError(f"the {what} is not canonical base64 after {prefix}")
    return content
