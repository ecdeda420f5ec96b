"""The portal's door: links are exchanged for sessions, and sessions say who makes a request.

A session is no record: its token says all there is to know and is signed, as a link's is. So whoever has a link can't
fill anything up with sessions. They end when the link expires or is revoked.
"""

from collections.abc import Callable, Sequence

from gateway.console.access.caller import Caller
from gateway.domain.access import Role
from gateway.domain.credentials import Credential
from gateway.domain.portal import PortalGrant, PortalToken, is_revoked, read_grant, sign_grant


class Portal:
    """Lets in who comes with a link.

    Args:
        link_keys: gives the keys for links, newest first.
        session_keys: the same for sessions.
        find: gives a record of `gateway.access` by its id.
        clock: gives the present, milliseconds since the epoch.
    """

    def __init__(
        self,
        link_keys: Callable[[], Sequence[bytes]],
        session_keys: Callable[[], Sequence[bytes]],
        find: Callable[[str], Credential | None],
        clock: Callable[[], int],
    ) -> None:
        self._keys = {PortalToken.LINK: link_keys, PortalToken.SESSION: session_keys}
        self._find = find
        self._clock = clock

    def open(self, link_token: str) -> tuple[str, PortalGrant] | None:
        """Give the token of a session, and what it lets in; None where the link is not good.

        Raises:
            GatewayError: there is no key ring.
        """
        grant = self._read(link_token, PortalToken.LINK)
        return (
            None
            if grant is None
            else (sign_grant(grant, PortalToken.SESSION, self._keys[PortalToken.SESSION]()[0]), grant)
        )

    def caller_of(self, session_token: str) -> Caller | None:
        """Give who shows the token of a session; None where it is not good.

        Raises:
            GatewayError: there is no key ring.
        """
        grant = self._read(session_token, PortalToken.SESSION)
        if grant is None:
            return None
        return Caller(f"portal:{grant.tenant}:{grant.link_id}", Role.SUBSCRIBER, grant.tenant, grant.link_id)

    def _read(self, token: str, kind: PortalToken) -> PortalGrant | None:
        if not token.startswith(kind.value):
            return None
        grant = read_grant(token, kind, self._keys[kind](), self._clock())
        return None if grant is None or is_revoked(grant, self._find) else grant
