"""Secrets at rest: AES-256-GCM with a ring of keys, so that the topic never holds a usable secret.

Sealed are signing secrets, the values of custom headers and private keys. Each is a random 12-byte nonce and the
ciphertext of its text. The key id, the tenant, the subscription id and the part of the subscription are authenticated
with it: what is copied into another subscription does not open, and neither does a signing secret in the place of a
header, where it would be sent to the endpoint. The newest key of the ring seals and any of them opens, so a key is
replaced by putting a new one in front and keeping the old one until everything has been sealed anew. Key material
appears in no message and no `repr`.
"""

import base64
import binascii
import re
import secrets
import struct
from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.domain.errors import GatewayError, InvalidInputError, UnavailableError
from gateway.domain.secret import SigningSecret, parse_secret
from gateway.domain.subscription import Sealed, SealedSecret

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
SEALED_OVERHEAD_BYTES = NONCE_BYTES + TAG_BYTES
SIGNING_PART = "secret"
CLIENT_KEY_PART = "client key"

_KEY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}\Z")
_SEPARATORS = re.compile(r"[,\n]")

AnySealed = TypeVar("AnySealed", SealedSecret, Sealed)


class KeyMissingError(UnavailableError):
    """Something was sealed with a key that is not in the ring."""

    def __init__(self, part: str, subscription_id: str, key_id: str) -> None:
        super().__init__(
            f"the {part} of subscription {subscription_id} is sealed with key '{key_id}', which is not here",
            hint=f"add that key to the key ring, or give the subscription a new {part}",
        )
        self.key_id = key_id


class SealBrokenError(GatewayError):
    """It does not open with its key: it was altered, belongs elsewhere, or the ring has another key of that id."""

    def __init__(self, part: str, subscription_id: str, key_id: str) -> None:
        super().__init__(
            f"the {part} of subscription {subscription_id} does not open with key '{key_id}'",
            hint="the key ring has another key of that id, or it was altered or copied from elsewhere: "
            f"mend the key ring, or give the subscription a new {part}",
        )
        self.key_id = key_id


class KeyRing:
    """The keys that seal and open what is confidential of a subscription.

    Attributes:
        key_ids: the ids of the keys, newest first.
    """

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        """Take the keys by id, newest first: at least one, each of 32 bytes."""
        self._keys = dict(keys)
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self.key_ids = tuple(keys)

    def __repr__(self) -> str:
        return f"KeyRing(key_ids={self.key_ids!r})"

    @property
    def newest_id(self) -> str:
        """The id of the key that seals."""
        return self.key_ids[0]

    def derived(self, purpose: str) -> dict[str, bytes]:
        """Give keys of 32 bytes for something else than sealing, by the ids of those that they come from, newest first.

        Whoever learns one knows neither the ring's key nor that of another purpose (HKDF-SHA256, RFC 5869).

        Args:
            purpose: what it is for; another text gives another key.
        """
        info = b"webhook-gateway " + purpose.encode()
        return {key_id: HKDF(SHA256(), KEY_BYTES, None, info).derive(key) for key_id, key in self._keys.items()}

    def seal(
        self, secret: SigningSecret, *, tenant: str, subscription_id: str, now_ms: int, expires_at_ms: int | None = None
    ) -> SealedSecret:
        """Encrypt a secret for one subscription with the newest key.

        Args:
            secret: what to seal.
            tenant: the subscription's tenant.
            subscription_id: the subscription it belongs to.
            now_ms: the present, milliseconds since the epoch: when the secret was made.
            expires_at_ms: until when it signs, or None.
        """
        key_id, ciphertext = self._encrypt(secret.text, SIGNING_PART, tenant, subscription_id)
        return SealedSecret(key_id, ciphertext, now_ms, expires_at_ms)

    def open(self, sealed: SealedSecret, *, tenant: str, subscription_id: str) -> SigningSecret:
        """Decrypt a subscription's secret.

        Raises:
            KeyMissingError: the key it was sealed with is not in the ring.
            SealBrokenError: it was altered, or sealed for another subscription.
        """
        text = self.open_part(sealed, SIGNING_PART, tenant=tenant, subscription_id=subscription_id)
        try:
            return parse_secret(text)
        except InvalidInputError:
            raise SealBrokenError(SIGNING_PART, subscription_id, sealed.key_id) from None

    def seal_part(self, text: str, part: str, *, tenant: str, subscription_id: str) -> Sealed:
        """Encrypt a confidential part of one subscription with the newest key.

        Args:
            text: what to seal.
            part: which part it is, see `header_part` and `CLIENT_KEY_PART`; it opens only as that part.
            tenant: the subscription's tenant.
            subscription_id: the subscription it belongs to.
        """
        return Sealed(*self._encrypt(text, part, tenant, subscription_id))

    def open_part(self, sealed: SealedSecret | Sealed, part: str, *, tenant: str, subscription_id: str) -> str:
        """Decrypt a confidential part of a subscription; a signing secret, too, as `SIGNING_PART`.

        Raises:
            KeyMissingError: the key it was sealed with is not in the ring.
            SealBrokenError: it was altered, or sealed for another subscription or another part.
        """
        cipher = self._ciphers.get(sealed.key_id)
        if cipher is None:
            raise KeyMissingError(part, subscription_id, sealed.key_id)
        nonce, ciphertext = sealed.ciphertext[:NONCE_BYTES], sealed.ciphertext[NONCE_BYTES:]
        bound_to = _associated_data(sealed.key_id, tenant, subscription_id, part)
        try:
            return cipher.decrypt(nonce, ciphertext, bound_to).decode()
        except (InvalidTag, ValueError):
            raise SealBrokenError(part, subscription_id, sealed.key_id) from None

    def resealed(self, sealed: AnySealed, part: str, *, tenant: str, subscription_id: str) -> AnySealed:
        """Give what is sealed, sealed with the newest key; the same where it is already.

        Args:
            sealed: any part of a subscription.
            part: which part it is; `SIGNING_PART` for a signing secret.
            tenant: the subscription's tenant.
            subscription_id: the subscription it belongs to.

        Raises:
            KeyMissingError: the key it was sealed with is not in the ring.
            SealBrokenError: it does not open, even where it need not be sealed anew.
        """
        text = self.open_part(sealed, part, tenant=tenant, subscription_id=subscription_id)
        if sealed.key_id == self.newest_id:
            return sealed
        key_id, ciphertext = self._encrypt(text, part, tenant, subscription_id)
        return replace(sealed, key_id=key_id, ciphertext=ciphertext)

    def _encrypt(self, text: str, part: str, tenant: str, subscription_id: str) -> tuple[str, bytes]:
        key_id, nonce = self.newest_id, secrets.token_bytes(NONCE_BYTES)
        bound_to = _associated_data(key_id, tenant, subscription_id, part)
        return key_id, nonce + self._ciphers[key_id].encrypt(nonce, text.encode(), bound_to)


def header_part(name: str) -> str:
    """Give the part that the value of a custom header is sealed as; names are alike in any case (RFC 9110)."""
    return f"header {name.lower()}"


def parse_key_ring(text: str) -> KeyRing:
    """Read `id:base64 of 32 bytes` entries, separated by commas or line ends, newest first.

    Raises:
        InvalidInputError: an entry has another shape, an id comes twice, or there is none. The message says which
            entry, never what is in it.
    """
    keys: dict[str, bytes] = {}
    entries = [entry.strip() for entry in _SEPARATORS.split(text)]
    for number, entry in enumerate(filter(None, entries), start=1):
        key_id, key = _parse_entry(entry, number)
        if key_id in keys:
            raise InvalidInputError(f"key {number} of the key ring has an id that was used before")
        keys[key_id] = key
    if not keys:
        raise InvalidInputError("the key ring has no key", hint="an entry is id:base64 of 32 random bytes")
    return KeyRing(keys)


def generate_key_line() -> str:
    """Make one new entry of a key ring, with a random id."""
    key_id = f"k{secrets.token_hex(4)}"
    return f"{key_id}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}"


def _parse_entry(entry: str, number: int) -> tuple[str, bytes]:
    key_id, colon, encoded = entry.partition(":")
    if not colon or _KEY_ID.match(key_id) is None:
        raise InvalidInputError(
            f"key {number} of the key ring is not id:base64",
            hint="an id is 1 to 32 letters, digits, dots, dashes and underscores",
        )
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInputError(f"key {number} of the key ring is not valid base64 after its id") from None
    if len(key) != KEY_BYTES or base64.b64encode(key).decode() != encoded:
        raise InvalidInputError(f"key {number} of the key ring is not canonical base64 of {KEY_BYTES} bytes")
    return key_id, key


def _associated_data(key_id: str, tenant: str, subscription_id: str, part: str) -> bytes:
    """Join with lengths in front, so that no two lists give the same bytes; without the part for signing secrets."""
    parts = (key_id, tenant, subscription_id) if part == SIGNING_PART else (key_id, tenant, subscription_id, part)
    encoded = [part.encode() for part in parts]
    return b"".join(struct.pack(">I", len(part)) + part for part in encoded)
