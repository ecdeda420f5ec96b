"""Sessions of people who have logged in: a cookie that no script reads, and a second proof for whatever changes things.

A session is a credential among others, so that each console knows those of all, none ends with a restart, and any can
be revoked. It ends eight hours after the log-in, when nobody has used it for an hour, or with the token it was begun
with. When it was last used is known to this process only: nothing is written while somebody looks around.

A browser sends the cookie along with whatever any page asks for. So a change needs what only a page of this console can
know, too: a token in a header, which follows from the session and is answered by `GET /api/v1/session`.
"""

import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from typing import Protocol

from gateway.domain.access import Role
from gateway.domain.credentials import (
    ID_BYTES,
    SECRET_BYTES,
    Credential,
    CredentialKind,
    ShownCredential,
    read_credential,
    sha256_of,
)

LONGEST_MS = 8 * 3_600_000
IDLE_MS = 3_600_000
# Beyond this many, whoever has not been here for longest is forgotten; they count as just come when they are back.
MAX_REMEMBERED = 20_000
# Of one actor; the oldest give way. Whoever may log in can't fill the table up.
MAX_SESSIONS = 20


class Credentials(Protocol):
    """The credentials that there are."""

    def __iter__(self) -> Iterator[Credential]:
        """Give each."""

    def find(self, shown: ShownCredential, now_ms: int) -> Credential | None:
        """Give the credential that somebody shows; None where it is not good."""

    def get(self, credential_id: str) -> Credential | None:
        """Give a credential by its id; None where there is none."""

    def keep(self, credential: Credential) -> None:
        """Write one, for every console; blocking."""

    def drop(self, credential_id: str) -> None:
        """End one, for every console; blocking."""


class Sessions:
    """Begins, knows and ends sessions.

    Args:
        book: where they are kept.
        clock: gives the present, milliseconds since the epoch.
    """

    def __init__(self, book: Credentials, clock: Callable[[], int]) -> None:
        self._book = book
        self._clock = clock
        self._used_ms: dict[str, int] = {}

    def begin(
        self,
        name: str,
        role: Role,
        tenant: str | None,
        *,
        made_with: str | None = None,
        until_ms: int | None = None,
    ) -> tuple[ShownCredential, Credential]:
        """Begin a session; blocking. What is shown is for the cookie of whoever has logged in.

        Args:
            name: the actor that it stands for.
            role: what they may do.
            tenant: whose things they see; None for everybody's.
            made_with: the id of the token that they have logged in with; it ends with it.
            until_ms: when that ends, milliseconds since the epoch; None where there is none.

        Raises:
            UnavailableError: Kafka does not confirm it.
        """
        own = [one for one in self._book if one.kind is CredentialKind.SESSION and one.name == name]
        for old in sorted(own, key=lambda one: one.created_at_ms)[: max(0, len(own) - MAX_SESSIONS + 1)]:
            self.end(old.credential_id)
        now_ms = self._clock()
        shown = ShownCredential(CredentialKind.SESSION, secrets.token_hex(ID_BYTES), secrets.token_bytes(SECRET_BYTES))
        ends_ms = now_ms + LONGEST_MS
        session = Credential(
            credential_id=shown.credential_id,
            kind=CredentialKind.SESSION,
            name=name,
            secret_sha256=sha256_of(shown.secret),
            role=role,
            tenant=tenant,
            created_at_ms=now_ms,
            created_by=name,
            expires_at_ms=ends_ms if until_ms is None else min(ends_ms, until_ms),
            made_with=made_with,
        )
        self._book.keep(session)
        return shown, session

    def find(self, cookie: str) -> Credential | None:
        """Give the session that a browser shows, and take it as used now; None where it is over, or is none."""
        shown = read_credential(cookie)
        if shown is None or shown.kind is not CredentialKind.SESSION:
            return None
        now_ms = self._clock()
        session = self._book.find(shown, now_ms)
        if session is None or now_ms - self._used_ms.get(session.credential_id, now_ms) >= IDLE_MS:
            return None
        self._use(session.credential_id, now_ms)
        return session

    def end(self, credential_id: str) -> None:
        """End a session everywhere; blocking.

        Raises:
            UnavailableError: Kafka does not confirm it.
        """
        self._book.drop(credential_id)
        self._used_ms.pop(credential_id, None)

    def _use(self, credential_id: str, now_ms: int) -> None:
        # Taken out and put in again, they are in the order in which they were used.
        self._used_ms.pop(credential_id, None)
        self._used_ms[credential_id] = now_ms
        while len(self._used_ms) > MAX_REMEMBERED:
            del self._used_ms[next(iter(self._used_ms))]


def csrf_token(session: Credential) -> str:
    """Give what a change has to bring along beside the cookie of a session."""
    made = hmac.digest(session.secret_sha256, b"csrf " + session.credential_id.encode(), "sha256")
    return urlsafe_b64encode(made).rstrip(b"=").decode()


def is_csrf_token(session: Credential, given: str | None) -> bool:
    """Tell whether somebody has brought it along; how long that takes tells nothing."""
    return given is not None and hmac.compare_digest(csrf_token(session).encode(), given.encode())
