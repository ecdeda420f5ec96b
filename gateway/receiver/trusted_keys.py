"""The keys that a receiver trusts, and whether one of them made a signature. Knows nothing of time.

Of a `webhook-signature` header, entries of unknown versions and malformed ones fit nothing and do no harm: a sender may
sign in more ways than a receiver knows. Every entry is compared with every key, in constant time where a secret is
involved, so that the time taken tells nothing about which one fits.
"""

import base64
import binascii
import hmac
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gateway.domain.errors import InvalidInputError
from gateway.domain.secret import (
    ED25519_PREFIX,
    HMAC_PREFIX,
    PUBLIC_KEY_PREFIX,
    V1A,
    HmacSecret,
    PublicKey,
    parse_hmac_secret,
    parse_public_key,
)
from gateway.domain.signing import sign_body_hex, sign_entry
from gateway.receiver.errors import InvalidHeaderError, InvalidSecretError

# A sender signs with 8 secrets at most. Checking an ed25519 signature costs thousands of comparisons.
MAX_V1A_SIGNATURES = 32

_SIGNATURE_BYTES = 64


@dataclass(frozen=True, slots=True)
class TrustedKeys:
    """HMAC secrets and ed25519 public keys, in any number of each."""

    hmac_secrets: tuple[HmacSecret, ...]
    public_keys: tuple[PublicKey, ...]

    def fit_entries(self, entries: str, content: bytes) -> bool:
        """Tell whether one entry of a `webhook-signature` value was made with one of the keys.

        Args:
            entries: the value, separated by spaces.
            content: what was signed: see `gateway.domain.signing.signed_content`.

        Raises:
            InvalidHeaderError: there are more than `MAX_V1A_SIGNATURES` ed25519 signatures.
        """
        candidates = entries.split(" ")
        fits = _equals_any(candidates, [sign_entry(secret, content) for secret in self.hmac_secrets])
        if self.public_keys:
            for signature in _bounded(_v1a_signatures(candidates)):
                for key in self.public_keys:
                    fits |= key.verifies(signature, content)
        return fits

    def fit_body_hex(self, signature: str, body: bytes) -> bool:
        """Tell whether an `X-Webhook-Signature` value was made with one of the HMAC secrets."""
        return _equals_any([signature], [sign_body_hex(secret, body) for secret in self.hmac_secrets])


def parse_trusted_keys(texts: str | Iterable[str]) -> TrustedKeys:
    """Read what a receiver verifies with: `whsec_…` (or only its base64) and `whpk_…`, one text or several.

    Raises:
        InvalidSecretError: there is none, or one is something else. The message never repeats it.
    """
    hmac_secrets: list[HmacSecret] = []
    public_keys: list[PublicKey] = []
    for text in [texts] if isinstance(texts, str) else texts:
        try:
            if text.startswith(PUBLIC_KEY_PREFIX):
                public_keys.append(parse_public_key(text))
            elif text.startswith(ED25519_PREFIX):
                raise InvalidSecretError("a key pair (whsk_) is for the sender alone: verify with its whpk_ key")
            else:
                hmac_secrets.append(parse_hmac_secret(HMAC_PREFIX + text.removeprefix(HMAC_PREFIX)))
        except InvalidInputError as error:
            raise InvalidSecretError(error.message) from None
    if not hmac_secrets and not public_keys:
        raise InvalidSecretError("there is no secret to verify with")
    return TrustedKeys(tuple(hmac_secrets), tuple(public_keys))


def _equals_any(candidates: Iterable[str], expected: Sequence[str]) -> bool:
    fits = False
    for candidate in candidates:
        given = candidate.encode("ascii", "replace")
        for signature in expected:
            fits |= hmac.compare_digest(given, signature.encode())
    return fits


def _v1a_signatures(candidates: Iterable[str]) -> Iterator[bytes]:
    """Give the ed25519 signatures among entries: those of canonical base64 of 64 bytes."""
    for candidate in candidates:
        version, _, encoded = candidate.partition(",")
        if version != V1A:
            continue
        try:
            signature = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            continue
        if len(signature) == _SIGNATURE_BYTES and base64.b64encode(signature).decode() == encoded:
            yield signature


def _bounded(signatures: Iterator[bytes]) -> list[bytes]:
    found: list[bytes] = []
    for signature in signatures:
        if len(found) == MAX_V1A_SIGNATURES:
            raise InvalidHeaderError(f"there are more than {MAX_V1A_SIGNATURES} ed25519 signatures")
        found.append(signature)
    return found
