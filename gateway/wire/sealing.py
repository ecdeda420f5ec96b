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

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.domain.errors import GatewayError, InvalidInputError, UnavailableError
from gateway.domain.secret import SigningSecret, parse_secret
from gateway.domain.subscription import Sealed, SealedSecret

KEY_BYTES = 32
NONCE_BYTES = 12
CLIENT_KEY_PART = "client key"

_KEY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}\Z")
_SEPARATORS = re.compile(r"[,\n]")


class KeyMissingError(UnavailableError):
    """Something was sealed with a key that is not in the ring."""


class SealBrokenError(GatewayError):
    """It does not open with its key: it was altered, or belongs to another subscription, or elsewhere in it."""


class KeyRing:
    """The keys that seal and open what is confidential of a subscription."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        """Take the keys by id, newest first: at least one, each of 32 bytes."""
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._newest_id = next(iter(keys))

    def __repr__(self) -> str:
        return f"KeyRing(key_ids={tuple(self._ciphers)!r})"

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
        key_id, ciphertext = self._encrypt(secret.text, tenant, subscription_id)
        return SealedSecret(key_id, ciphertext, now_ms, expires_at_ms)

    def open(self, sealed: SealedSecret, *, tenant: str, subscription_id: str) -> SigningSecret:
        """Decrypt a subscription's secret.

        Raises:
            KeyMissingError: the key it was sealed with is not in the ring.
            SealBrokenError: it was altered, or sealed for another subscription.
        """
        text = self._decrypt(sealed, "secret", tenant, subscription_id)
        try:
            return parse_secret(text)
        except InvalidInputError:
            raise _broken(sealed, "secret", subscription_id) from None

    def seal_part(self, text: str, part: str, *, tenant: str, subscription_id: str) -> Sealed:
        """Encrypt a confidential part of one subscription with the newest key.

        Args:
            text: what to seal.
            part: which part it is, see `header_part` and `CLIENT_KEY_PART`; it opens only as that part.
            tenant: the subscription's tenant.
            subscription_id: the subscription it belongs to.
        """
        return Sealed(*self._encrypt(text, tenant, subscription_id, part))

    def open_part(self, sealed: Sealed, part: str, *, tenant: str, subscription_id: str) -> str:
        """Decrypt a confidential part of a subscription.

        Raises:
            KeyMissingError: the key it was sealed with is not in the ring.
            SealBrokenError: it was altered, or sealed for another subscription or another part.
        """
        return self._decrypt(sealed, part, tenant, subscription_id, part)

    def _encrypt(self, text: str, *bound_to: str) -> tuple[str, bytes]:
        key_id, nonce = self._newest_id, secrets.token_bytes(NONCE_BYTES)
        return key_id, nonce + self._ciphers[key_id].encrypt(nonce, text.encode(), _associated_data(key_id, *bound_to))

    def _decrypt(self, sealed: SealedSecret | Sealed, what: str, tenant: str, subscription_id: str, *part: str) -> str:
        cipher = self._ciphers.get(sealed.key_id)
        if cipher is None:
            raise KeyMissingError(
                f"the {what} of subscription {subscription_id} is sealed with key '{sealed.key_id}', which is not here",
                hint=f"add that key to the key ring, or give the subscription a new {what}",
            )
        nonce, ciphertext = sealed.ciphertext[:NONCE_BYTES], sealed.ciphertext[NONCE_BYTES:]
        bound_to = _associated_data(sealed.key_id, tenant, subscription_id, *part)
        try:
            return cipher.decrypt(nonce, ciphertext, bound_to).decode()
        except (InvalidTag, ValueError):
            raise _broken(sealed, what, subscription_id) from None


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


def _broken(sealed: SealedSecret | Sealed, what: str, subscription_id: str) -> SealBrokenError:
    return SealBrokenError(
        f"the {what} of subscription {subscription_id} does not open with key '{sealed.key_id}'",
        hint=f"it was altered or copied from elsewhere: give the subscription a new {what}",
    )


def _associated_data(*parts: str) -> bytes:
    """Join with lengths in front, so that no two lists of parts give the same bytes."""
    encoded = [part.encode() for part in parts]
    return b"".join(struct.pack(">I", len(part)) + part for part in encoded)
