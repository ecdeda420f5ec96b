"""The ways into a console, put together from the settings."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from gateway.console.access.authentication import ApiTokenReader, Authentication
from gateway.console.access.browsers import Browsers, Cookies
from gateway.console.access.caller import Caller
from gateway.console.access.entrance import Entrance
from gateway.console.access.log_in_pages import BEGIN, LogInPages
from gateway.console.access.logging_in import PURPOSE, LoggingIn
from gateway.console.access.portal import Portal
from gateway.console.access.sealed_text import SealedText
from gateway.console.access.sessions import Sessions
from gateway.console.access.site import Site, site_at
from gateway.domain.access import Role
from gateway.domain.errors import InvalidInputError
from gateway.domain.portal import PortalToken
from gateway.http.identity_provider import is_private
from gateway.kafka.credential_book import CredentialBook
from gateway.services.deployment import Deployment
from gateway.services.given_settings import variable
from gateway.services.oidc import oidc_provider
from gateway.settings import Settings
from gateway.telemetry.clock import now_ms
from gateway.wire.derived_keys import DerivedKeys

IPAddress = IPv4Address | IPv6Address
_IPV6 = 6
_MAX_FRAMERS = 50
# What is put into a policy has nothing in it that could begin another directive.
_ORIGIN = re.compile(r"https?://(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:]{2,39}\])(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class WaysIn:
    """What the server of a console needs to know its callers.

    Attributes:
        site: where it is reached.
        entrance: for the handlers.
        authentication: says who makes a request.
        log_in_pages: where browsers log in at an identity provider; None where there is none.
    """

    site: Site
    entrance: Entrance
    authentication: Authentication
    log_in_pages: LogInPages | None


def open_ways_in(settings: Settings, deployment: Deployment, book: CredentialBook, port: Callable[[], int]) -> WaysIn:
    """Put the ways in together.

    Args:
        settings: the settings.
        deployment: gives the key ring.
        book: the credentials that there are.
        port: gives the port where the console listens, once it does.

    Raises:
        InvalidInputError: settings contradict each other, one is missing, or a file can't be used.
    """
    site = _site(settings)
    provider = oidc_provider(settings)
    sessions, cookies = Sessions(book, now_ms), Cookies(site)
    link_keys, session_keys = (DerivedKeys(deployment.key_ring, kind.purpose) for kind in PortalToken)
    portal = Portal(link_keys, session_keys, book.get, now_ms)
    may_come = site.is_local and settings.console_login == "auto"
    authentication = Authentication(
        [ApiTokenReader(book, now_ms), portal.caller_of],
        Browsers(sessions, cookies, site).caller_of,
        here=Caller(deployment.actor(), Role.ADMIN) if may_come else None,
    )
    pages = None
    if provider is not None:
        logging_in = LoggingIn(provider, SealedText(DerivedKeys(deployment.key_ring, PURPOSE)), now_ms)
        pages = LogInPages(logging_in, sessions, cookies, site, authentication.refuse)
    entrance = Entrance(
        sessions,
        cookies,
        portal,
        link_keys,
        lambda: console_url(settings, port()),
        None if provider is None else BEGIN,
    )
    return WaysIn(site, entrance, authentication, pages)


def console_url(settings: Settings, port: int | None = None) -> str:
    """Give where browsers reach the console: by the URL that is set, else on this machine.

    Args:
        settings: the settings.
        port: where it listens; None where only the settings say that.

    Raises:
        InvalidInputError: `GATEWAY_CONSOLE_URL` is no URL for it, or nothing says where it listens.
    """
    origin = _site(settings).origin
    if origin is not None:
        return origin
    port = settings.console_port if port is None else port
    if port == 0:
        raise InvalidInputError(
            f"{variable('console_port')} is 0: the console may listen at any port",
            hint=f"say where it is, with --url or {variable('console_url')}",
        )
    return url_here(settings.console_address, port)


def url_here(address: IPAddress, port: int) -> str:
    """Give the URL at which this machine reaches what listens at an address."""
    host = loopback_of(address)
    return f"http://{f'[{host}]' if host.version == _IPV6 else host}:{port}"


def loopback_of(address: IPAddress) -> IPAddress:
    """Give the address at which this machine reaches what listens at an address."""
    if not address.is_unspecified:
        return address
    return IPv6Address(1) if address.version == _IPV6 else IPv4Address("127.0.0.1")


def portal_framers(settings: Settings) -> tuple[str, ...]:
    """Give the sites that may show the portal in a frame, as origins.

    Raises:
        InvalidInputError: one of them is no origin, or there are too many.
    """
    given = [text.strip().rstrip("/") for text in (settings.portal_embed_origins or "").split(",") if text.strip()]
    for number, origin in enumerate(given, start=1):
        if _ORIGIN.fullmatch(origin) is None or not is_private(origin):
            raise InvalidInputError(
                f"{variable('portal_embed_origins')}: entry {number} is no https origin",
                hint="such as https://app.example.com; plain http is accepted for this machine only",
            )
    if len(given) > _MAX_FRAMERS:
        raise InvalidInputError(f"{variable('portal_embed_origins')}: has more than {_MAX_FRAMERS} sites")
    return tuple(given)


def _site(settings: Settings) -> Site:
    return site_at(str(settings.console_address), settings.console_url)
