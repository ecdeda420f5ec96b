"""Texts that a browser keeps for us and can neither read nor make: AES-256-GCM with keys that come from the key ring.

Every console with the same key ring opens what any of them has sealed.
"""

import base64
import binascii
import secrets
from collections.abc import Callable, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAX_SEALED_CHARS = 4_096
_NONCE_BYTES = 12


class SealedText:
    """Seals and opens.

    Args:
        keys: gives the keys, of 32 bytes each, newest first: derived for this purpose and no other.
    """

    def __init__(self, keys: Callable[[], Sequence[bytes]]) -> None:
        self._keys = keys

    def seal(self, text: str) -> str:
        """Seal a text with the newest key; what is given fits into a cookie or a URL.

        Raises:
            GatewayError: there are no keys.
        """
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = nonce + AESGCM(self._keys()[0]).encrypt(nonce, text.encode(), None)
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def open(self, sealed: str) -> str | None:
        """Give the text; None for what was altered, is too long, or was sealed for something else.

        Raises:
            GatewayError: there are no keys.
        """
        if len(sealed) > MAX_SEALED_CHARS:
            return None
        try:
            content = base64.b64decode(sealed + "=" * (-len(sealed) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        for key in self._keys():
            try:
                return AESGCM(key).decrypt(content[:_NONCE_BYTES], content[_NONCE_BYTES:], None).decode()
            except (InvalidTag, ValueError):
                continue
        return None
