"""All the ways into a console, as its API works with them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.console.access.browsers import Cookies
from gateway.console.access.portal import Portal
from gateway.console.access.sessions import Sessions


@dataclass(frozen=True, slots=True)
class Entrance:
    """The ways in.

    Attributes:
        sessions: of those who have logged in.
        cookies: how browsers keep theirs.
        portal: lets a tenant's own people in.
        link_keys: sign the links with which they come, newest first.
        url: gives where browsers reach the console, once it listens.
        log_in_page: where people log in at an identity provider; None where there is none.
    """

    sessions: Sessions
    cookies: Cookies
    portal: Portal
    link_keys: Callable[[], Sequence[bytes]]
    url: Callable[[], str]
    log_in_page: str | None
