"""Signing secrets as people see them: `whsec_` and base64 of 24 to 64 bytes (Standard Webhooks, "Secrets")."""

import base64
import binascii
from dataclasses import dataclass, field

from gateway.domain.errors import InvalidInputError

SECRET_PREFIX = "whsec_"  # noqa: S105 - the prefix is public
MIN_SECRET_BYTES = 24
MAX_SECRET_BYTES = 64
GENERATED_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class SigningSecret:
    """A symmetric signing secret. Its bytes never appear in `repr`."""

    key: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """The form in which it is shown once and imported."""
        return SECRET_PREFIX + base64.b64encode(self.key).decode()


def parse_secret(text: str) -> SigningSecret:
    """Read `whsec_<base64>`, strictly: canonical padded base64 of 24 to 64 bytes.

    Raises:
        InvalidInputError: it is anything else. The message never repeats the secret.
    """
    if not text.startswith(SECRET_PREFIX):
        raise InvalidInputError("a signing secret begins with whsec_", hint="leave it out to have one generated")
    encoded = text.removeprefix(SECRET_PREFIX)
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInputError("the signing secret is not valid base64 after whsec_") from None
    if base64.b64encode(key).decode() != encoded:
        raise InvalidInputError("the signing secret is not canonical base64 after whsec_")
    if not MIN_SECRET_BYTES <= len(key) <= MAX_SECRET_BYTES:
        raise InvalidInputError(
            f"a signing secret has {MIN_SECRET_BYTES} to {MAX_SECRET_BYTES} bytes, this one has {len(key)}"
        )
    return SigningSecret(key)
