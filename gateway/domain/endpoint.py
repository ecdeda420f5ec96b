"""Which URLs and addresses deliveries may go to. Denied by default: what is not known to be public is refused.

Applied twice: to the URL when a subscription is written, and to the concrete address of every connection, so that a
name which resolves to something else later gains nothing.
"""

import ipaddress
import re
from urllib.parse import urlsplit

from gateway.domain.errors import InvalidInputError

MAX_URL_CHARS = 2048
HTTPS_PORT = 443
FIRST_UNPRIVILEGED_PORT = 1024

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})+\Z")
_PRIVATE_SUFFIXES = (
    ".local",
    ".internal",
    ".localhost",
    ".home.arpa",
    ".lan",
    ".intranet",
    ".corp",
    ".test",
    ".invalid",
)
_PLAIN_ASCII = re.compile(r"[\x21-\x7e]+\Z")

# IANA special-purpose address registries (RFC 6890 and successors), multicast and reserved space.
_REFUSED_V4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
# Only global unicast is public at all; within it, these are not. 64:ff9b::/96 and every other prefix that embeds a
# v4 address lies outside 2000::/3 or is listed.
_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_REFUSED_V6 = tuple(
    ipaddress.IPv6Network(network)
    for network in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)


def is_public_address(address: str) -> bool:
    """Tell whether a numeric address, as the operating system prints it, is public unicast.

    Args:
        address: an IPv4 or IPv6 address; a scope (`%eth0`) makes it local and so not public.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv4Address):
        return not any(parsed in network for network in _REFUSED_V4)
    if parsed.scope_id is not None or parsed not in _GLOBAL_V6:
        return False
    # ISATAP (RFC 5214) embeds a v4 address under any prefix.
    if parsed.packed[8:12] in {b"\x00\x00\x5e\xfe", b"\x02\x00\x5e\xfe"}:
        return False
    return not any(parsed in network for network in _REFUSED_V6)


def check_endpoint_url(url: str, *, allow_insecure: bool = False) -> str:
    """Return `url` if deliveries may be sent to it.

    Args:
        url: the endpoint as the user wrote it.
        allow_insecure: development only: plain http and any host are accepted.

    Raises:
        InvalidInputError: it is not an acceptable endpoint; the message says why.
    """
    if len(url) > MAX_URL_CHARS:
        raise InvalidInputError(f"the URL is longer than {MAX_URL_CHARS} characters")
    if _PLAIN_ASCII.match(url) is None:
        raise InvalidInputError("the URL has characters outside printable ASCII", hint="percent-encode the path")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise InvalidInputError(f"'{url}' is not a URL") from None
    _check_shape(url, parts.scheme, host, allow_insecure=allow_insecure)
    if "@" in parts.netloc:
        raise InvalidInputError("the URL must not carry a user name or password")
    if "#" in url or "\\" in url:
        raise InvalidInputError("the URL must not have a fragment or a backslash")
    if not allow_insecure:
        _check_host(host or "")
        _check_port(port)
    return url


def _check_shape(url: str, scheme: str, host: str | None, *, allow_insecure: bool) -> None:
    allowed = ("https", "http") if allow_insecure else ("https",)
    if scheme not in allowed or not url.lower().startswith(f"{scheme}://"):
        hint = "GATEWAY_ALLOW_INSECURE_ENDPOINTS=true allows plain http in development" if scheme == "http" else None
        raise InvalidInputError(f"the URL must begin with {' or '.join(f'{s}://' for s in allowed)}", hint=hint)
    if not host:
        raise InvalidInputError(f"'{url}' has no host")


def _check_port(port: int | None) -> None:
    if port is not None and port != HTTPS_PORT and port < FIRST_UNPRIVILEGED_PORT:
        raise InvalidInputError(f"port {port} is not allowed", hint="use 443 or a port above 1023")


def _check_host(host: str) -> None:
    if _is_literal(host):
        if not is_public_address(host):
            raise InvalidInputError(f"the address {host} is not public")
        return
    if host == "localhost" or host.endswith(_PRIVATE_SUFFIXES):
        raise InvalidInputError(f"the host {host} is not public")
    # A last label with a digit first is how inet_aton's short, octal and hex spellings look; no TLD begins so.
    if _HOST_NAME.match(host) is None or host.rpartition(".")[2][0].isdigit():
        raise InvalidInputError(f"'{host}' is not a fully qualified host name")


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
