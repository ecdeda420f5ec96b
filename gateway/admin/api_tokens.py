"""API tokens: made with a secret that is shown once, listed without it, and revoked."""

import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.admin.lifecycle import Clock
from gateway.domain.access import Role
from gateway.domain.audit import ActionTarget
from gateway.domain.credentials import (
    ID_BYTES,
    SECRET_BYTES,
    Credential,
    CredentialKind,
    ShownCredential,
    sha256_of,
)
from gateway.domain.errors import ConflictError, InvalidInputError, NotFoundError
from gateway.domain.event import check_tenant
from gateway.kafka.credential_book import CredentialBook

ROLES = (Role.VIEWER, Role.OPERATOR, Role.ADMIN)
DEFAULT_MS = 90 * 86_400_000
SHORTEST_MS = 60_000
LONGEST_MS = 1_827 * 86_400_000  # five years
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


@dataclass(frozen=True, slots=True)
class WantedToken:
    """A token to be made.

    Attributes:
        name: what it is called in the audit trail: up to 64 letters, digits, dots, dashes, underscores and @.
        role: what it allows: one of `ROLES`.
        tenant: whose things it opens; None for everybody's.
        lasting_ms: for how long it is good.
    """

    name: str
    role: Role
    tenant: str | None = None
    lasting_ms: int = DEFAULT_MS


class ApiTokens:
    """Makes and revokes tokens; each time the audit trail has it before it is done. Blocking.

    Args:
        book: where they are.
        audit: notes what is about to be done to something.
        clock: gives the present, milliseconds since the epoch.
    """

    def __init__(
        self, book: CredentialBook, audit: Callable[[str, Sequence[ActionTarget]], None], clock: Clock
    ) -> None:
        self._book = book
        self._audit = audit
        self._clock = clock

    def create(self, wanted: WantedToken, actor: str) -> tuple[ShownCredential, Credential]:
        """Make a token; give it with its secret, for the only time, and what is kept of it.

        Args:
            wanted: what it is to be.
            actor: who has it made.

        Raises:
            InvalidInputError: there can be no such token.
            ConflictError: there is one of that name.
            UnavailableError: Kafka does not confirm it.
        """
        _check(wanted)
        now_ms = self._clock()
        if any(one.name == wanted.name and not one.has_expired(now_ms) for one in list_tokens(self._book)):
            raise ConflictError(
                f"there is a token called '{wanted.name}'", hint="revoke it, or choose another name for this one"
            )
        shown = ShownCredential(CredentialKind.TOKEN, secrets.token_hex(ID_BYTES), secrets.token_bytes(SECRET_BYTES))
        token = Credential(
            credential_id=shown.credential_id,
            kind=CredentialKind.TOKEN,
            name=wanted.name,
            secret_sha256=sha256_of(shown.secret),
            role=wanted.role,
            tenant=wanted.tenant,
            created_at_ms=now_ms,
            created_by=actor,
            expires_at_ms=now_ms + wanted.lasting_ms,
        )
        self._audit("token_created", [_target(token)])
        self._book.keep(token)
        return shown, token

    def revoke(self, token_id: str) -> Credential:
        """End a token, and the sessions that were begun with it; give what it was.

        Raises:
            NotFoundError: there is none with this id.
            UnavailableError: Kafka does not confirm it.
        """
        token = self._book.get(token_id)
        if token is None or token.kind is not CredentialKind.TOKEN:
            raise NotFoundError(f"there is no token '{token_id}'", hint="`gateway tokens list` shows what there is")
        self._audit("token_revoked", [_target(token)])
        self._book.drop(token_id)
        return token


def list_tokens(book: CredentialBook) -> list[Credential]:
    """List the tokens by their names; also those that have expired lately."""
    tokens = (one for one in book if one.kind is CredentialKind.TOKEN)
    return sorted(tokens, key=lambda one: (one.name, one.created_at_ms))


def token_view(token: Credential, now_ms: int) -> dict[str, object]:
    """Give a token as it is shown: by the command and over HTTP alike."""
    return {
        "token_id": token.credential_id,
        "name": token.name,
        "role": token.role.value,
        "tenant": token.tenant,
        "created_at_ms": token.created_at_ms,
        "created_by": token.created_by,
        "expires_at_ms": token.expires_at_ms,
        "has_expired": token.has_expired(now_ms),
    }


def _check(wanted: WantedToken) -> None:
    if _NAME.fullmatch(wanted.name) is None:
        raise InvalidInputError(
            f"'{wanted.name[:64]}' is no name for a token",
            hint="use up to 64 letters, digits, dots, dashes, underscores and @",
        )
    if wanted.role not in ROLES:
        raise InvalidInputError(f"a token has one of the roles {', '.join(role.value for role in ROLES)}")
    if wanted.tenant is not None:
        check_tenant(wanted.tenant)
    if not SHORTEST_MS <= wanted.lasting_ms <= LONGEST_MS:
        raise InvalidInputError("a token is good for a minute to five years", hint="write it like 24h or 90d")


def _target(token: Credential) -> ActionTarget:
    details = {
        "token_id": token.credential_id,
        "name": token.name,
        "role": token.role.value,
        "expires_at_ms": token.expires_at_ms,
    }
    return ActionTarget(None, token.tenant, details)
