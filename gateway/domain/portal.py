"""What lets a tenant's own people into the portal: links that expire, and the sessions that they open.

Both are texts that carry all that there is to know of them, signed with a key that comes from the key ring: whoever
runs the gateway hands out as many as there are visits, and nothing is written down. What is written down is which of
them are good no longer.

    gwl_….…   a link's token, which is in the fragment of its URL: browsers send that to nobody
    gwp_….…   a session's token, for which a link's is exchanged
"""

import hashlib
import hmac
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

from gateway.domain.access import Role
from gateway.domain.credentials import ID_BYTES, Credential, CredentialKind

LONGEST_MS = 7 * 86_400_000
MAX_TOKEN_CHARS = 2_048
LINK_ID = re.compile(r"[0-9a-f]{16}")
_TEXT = re.compile(r"gw[lp]_([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{43})\Z")
_VERSION = 1
_ALL = "*"


class PortalToken(Enum):
    """What a token is for; one is not good as the other."""

    LINK = "gwl"
    SESSION = "gwp"

    @property
    def purpose(self) -> str:
        """What its keys are derived for."""
        return f"portal {self.name.lower()}"


@dataclass(frozen=True, slots=True)
class PortalGrant:
    """What a link, and each session that it opens, lets in.

    Attributes:
        link_id: 16 hexadecimal digits.
        tenant: whose things are shown; nothing of any other.
        subscription_id: with which of them the portal opens; None for the list. It shows the others, too.
        created_at_ms: when the link was made, milliseconds since the epoch.
        expires_at_ms: from when on neither is good.
    """

    link_id: str
    tenant: str
    subscription_id: str | None
    created_at_ms: int
    expires_at_ms: int


def revoked_links(tenant: str, link_id: str | None, *, by: str, now_ms: int) -> Credential:
    """Give the record that revokes links which were made until now, and the sessions that they opened.

    It stays for as long as one of them could be good.

    Args:
        tenant: whose links.
        link_id: which one; None for all.
        by: the actor.
        now_ms: the present, milliseconds since the epoch.
    """
    return Credential(
        credential_id=_revoked_id(tenant, link_id),
        kind=CredentialKind.REVOKED_LINKS,
        name=link_id or _ALL,
        secret_sha256=bytes(32),  # nobody can show it
        role=Role.SUBSCRIBER,
        tenant=tenant,
        created_at_ms=now_ms,
        created_by=by,
        expires_at_ms=now_ms + LONGEST_MS,
    )


def is_revoked(grant: PortalGrant, find: Callable[[str], Credential | None]) -> bool:
    """Tell whether a link, or a session that it opened, was revoked.

    Args:
        grant: what it says.
        find: gives a record of `gateway.access` by its id.
    """
    for link_id in (None, grant.link_id):
        record = find(_revoked_id(grant.tenant, link_id))
        if record is not None and grant.created_at_ms <= record.created_at_ms:
            return True
    return False


def sign_grant(grant: PortalGrant, kind: PortalToken, key: bytes) -> str:
    """Write a token.

    Args:
        grant: what it lets in.
        kind: what it is for.
        key: 32 bytes for this purpose.
    """
    said = [
        _VERSION,
        grant.link_id,
        grant.tenant,
        grant.subscription_id,
        grant.created_at_ms,
        grant.expires_at_ms,
    ]
    payload = _encoded(json.dumps(said, separators=(",", ":")).encode())
    return f"{kind.value}_{payload}.{_signature(kind, payload, key)}"


def read_grant(text: str, kind: PortalToken, keys: Iterable[bytes], now_ms: int) -> PortalGrant | None:
    """Read a token; None where it is none of this kind, was signed by nobody here, or has expired.

    Args:
        text: as somebody shows it.
        kind: what it has to be for.
        keys: for this purpose: any of them may have signed it.
        now_ms: the present, milliseconds since the epoch.
    """
    found = _TEXT.match(text) if len(text) <= MAX_TOKEN_CHARS else None
    if found is None or not text.startswith(kind.value):
        return None
    payload, signature = found.groups()
    # All are compared, so that how long it takes does not tell with which it was signed.
    if not any([hmac.compare_digest(signature, _signature(kind, payload, key)) for key in keys]):  # noqa: C419 - see above
        return None
    version, *fields = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    if version != _VERSION:
        return None
    grant = PortalGrant(*fields)
    return grant if now_ms < grant.expires_at_ms else None


def _revoked_id(tenant: str, link_id: str | None) -> str:
    return hashlib.sha256(f"revoked links/{tenant}/{link_id or _ALL}".encode()).hexdigest()[: 2 * ID_BYTES]


def _signature(kind: PortalToken, payload: str, key: bytes) -> str:
    return _encoded(hmac.digest(key, f"{kind.value}_{payload}".encode(), "sha256"))


def _encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
