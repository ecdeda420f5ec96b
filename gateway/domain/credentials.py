"""What lets somebody in over HTTP: API tokens, the sessions of those who have logged in, and which links are revoked.

Of a credential only the SHA-256 of its secret is kept. The secret is 32 random bytes, so that nothing slower is needed
against guessing. As text it has a beginning that searches for leaked secrets can look for:

    gwt_5f1c09ab37de2460_…   an API token
    gws_0d4e7a11c2b93f58_…   a session
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from gateway.domain.access import Role

SECRET_BYTES = 32
ID_BYTES = 8
# A session is some 500 bytes in memory.
MAX_CREDENTIALS = 100_000
_SHA256_BYTES = 32
# 43 characters of base64 are 32 bytes; the last one has two bits to spare, which have to be 0.
_TEXT = re.compile(r"(gw[ts])_([0-9a-f]{16})_([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])")


class CredentialKind(Enum):
    """What a credential is."""

    TOKEN = "token"  # noqa: S105 - a word
    SESSION = "session"
    REVOKED_LINKS = "revoked_links"  # lets nobody in: see gateway.domain.portal

    @property
    def prefix(self) -> str:
        """How its text begins, where it has one."""
        return {CredentialKind.TOKEN: "gwt", CredentialKind.SESSION: "gws"}.get(self, "")


@dataclass(frozen=True, slots=True)
class Credential:
    """A record of `gateway.access`.

    Attributes:
        credential_id: 16 hexadecimal digits.
        kind: a token, a session, or that a tenant's links to the portal are revoked.
        name: what a token is called; of a session the actor that it stands for.
        secret_sha256: of its secret.
        role: what it allows; never ANONYMOUS.
        tenant: whose things it opens; None for everybody's.
        created_at_ms: milliseconds since the epoch.
        created_by: the actor.
        expires_at_ms: from when on it is none; there is none that never ends.
        made_with: the id of the credential without which it is none: of a session that was begun with a token.
    """

    credential_id: str
    kind: CredentialKind
    name: str
    secret_sha256: bytes
    role: Role
    tenant: str | None
    created_at_ms: int
    created_by: str
    expires_at_ms: int
    made_with: str | None = None

    def __post_init__(self) -> None:
        """Refuse what would let anybody in, or nobody.

        Raises:
            ValueError: it has no role, or no hash.
        """
        if self.role is Role.ANONYMOUS or len(self.secret_sha256) != _SHA256_BYTES:
            raise ValueError("a credential has a role and a hash")

    @property
    def actor(self) -> str:
        """Who acts with it, for the audit trail."""
        return f"token:{self.name}" if self.kind is CredentialKind.TOKEN else self.name

    def has_expired(self, now_ms: int) -> bool:
        """Tell whether its time is over."""
        return self.expires_at_ms <= now_ms

    def is_opened_by(self, secret: bytes) -> bool:
        """Tell whether this is its secret; how long that takes tells nothing."""
        return hmac.compare_digest(self.secret_sha256, sha256_of(secret))


@dataclass(frozen=True, slots=True)
class ShownCredential:
    """A credential as it is given out once, and shown with each request. Its text is secret."""

    kind: CredentialKind
    credential_id: str
    secret: bytes

    @property
    def text(self) -> str:
        """How it is written."""
        secret = urlsafe_b64encode(self.secret).decode().rstrip("=")
        return f"{self.kind.prefix}_{self.credential_id}_{secret}"

    def __repr__(self) -> str:
        """Say which, without the secret."""
        return f"ShownCredential({self.kind.value} {self.credential_id})"


class CredentialIndex:
    """The credentials that there are, by their ids. No more than `MAX_CREDENTIALS`: more are not let in."""

    def __init__(self) -> None:
        self._by_id: dict[str, Credential] = {}

    def __len__(self) -> int:
        """Count them."""
        return len(self._by_id)

    def __iter__(self) -> Iterator[Credential]:
        """Give each, as it was when this began; while another thread changes them, too."""
        return iter(list(self._by_id.values()))

    def get(self, credential_id: str) -> Credential | None:
        """Give one, whether its time is over or not."""
        return self._by_id.get(credential_id)

    def put(self, credential: Credential) -> None:
        """Take one, unless there are too many."""
        if credential.credential_id in self._by_id or len(self._by_id) < MAX_CREDENTIALS:
            self._by_id[credential.credential_id] = credential

    def remove(self, credential_id: str) -> None:
        """Forget one, if it is there."""
        self._by_id.pop(credential_id, None)

    def find(self, shown: ShownCredential, now_ms: int) -> Credential | None:
        """Give the credential that somebody shows; None where there is none, it is another one, or its time is over.

        Args:
            shown: what they show.
            now_ms: the present, milliseconds since the epoch.
        """
        found = self._by_id.get(shown.credential_id)
        if found is None or found.kind is not shown.kind or not found.is_opened_by(shown.secret):
            return None
        parent = found if found.made_with is None else self._by_id.get(found.made_with)
        is_good = parent is not None and not parent.has_expired(now_ms) and not found.has_expired(now_ms)
        return found if is_good else None

    def made_with(self, credential_id: str) -> list[Credential]:
        """List those that are none without another one."""
        return [one for one in self if one.made_with == credential_id]


def read_credential(text: str) -> ShownCredential | None:
    """Read a text that somebody shows; None where it can't be a credential."""
    found = _TEXT.fullmatch(text)
    if found is None:
        return None
    kind = next(kind for kind in CredentialKind if kind.prefix == found[1])
    return ShownCredential(kind, found[2], urlsafe_b64decode(found[3] + "="))


def sha256_of(secret: bytes) -> bytes:
    """Give what is kept of a secret."""
    return hashlib.sha256(secret).digest()
