"""Which URLs are endpoints. Only what every parser of URLs reads in the same way, and only what is public.

A browser's parser (WHATWG), Python's `urlsplit`, RFC 3986 and libc's `inet_aton` read odd URLs differently, and what
one has checked another would connect. So this is a grammar, not a parser: `https://`, a host in its one canonical
spelling, a port, a path and a query, and nothing else. What a name resolves to is judged when it is connected.
"""

import ipaddress
import re

import idna

from gateway.domain.addresses import MAX_PORT, AddressPolicy
from gateway.domain.errors import InvalidInputError

MAX_URL_CHARS = 2048
MAX_HOST_CHARS = 253
_HTTPS_PORT, _HTTP_PORT = 443, 80

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST_NAME = re.compile(rf"(?:{_LABEL}\.)+(?:[a-z]{{2,63}}|xn--[a-z0-9-]{{0,58}}[a-z0-9])\Z")
_DEVELOPMENT_NAME = re.compile(r"[a-z0-9._-]+\Z")
_PRINTABLE_ASCII = re.compile(r"[\x21-\x7e]+\Z")
_SCHEME = re.compile(r"(https?)://", re.IGNORECASE)
_AUTHORITY = re.compile(r"(\[[^\[\]]*\]|[^\[\]:]*)(?::(.*))?\Z")
_HOST_AS_GIVEN = re.compile(r"[^/]*//(?:[^/?#\\]*@)?(\[[^\]]*\]|[^/?#\\:]*)")
_PORT = re.compile(r"[1-9][0-9]{0,4}\Z")
# RFC 3986 sections 3.3 and 3.4, and the brackets in which many frameworks write lists.
_PLAIN = r"A-Za-z0-9._~!$&'()*+,;=:@/-"
_PATH = re.compile(rf"(?:[{_PLAIN}]|%[0-9A-Fa-f]{{2}})*\Z")
_QUERY = re.compile(rf"(?:[?\[\]{_PLAIN}]|%[0-9A-Fa-f]{{2}})*\Z")
_DOT_SEGMENT = re.compile(r"/(?:\.|%2e){1,2}(?:/|\Z)", re.IGNORECASE)

# Last labels that never lead into the public DNS: RFC 6761, 6762 (with its appendix G), 7686, 8375 and 9476, ICANN's
# choice for private use, and what container platforms use.
PRIVATE_TOP_LABELS = frozenset({
    "alt", "arpa", "cluster", "consul", "corp", "docker", "home", "internal", "intranet", "invalid", "lan", "local",
    "localdomain", "localhost", "onion", "private", "svc", "test",
})  # fmt: skip
# Names of metadata services outside of these.
METADATA_NAMES = frozenset({
    "metadata.goog", "metadata.packet.net", "metadata.platformequinix.com", "metadata.tencentyun.com",
})  # fmt: skip


def check_endpoint_url(url: str, policy: AddressPolicy) -> str:
    """Return `url` if deliveries may be sent to it.

    Args:
        url: the endpoint as the user wrote it.
        policy: which addresses and ports may be connected, and whether this is development.

    Raises:
        InvalidInputError: it is not an acceptable endpoint; the message says why, on one line of printable text.
    """
    _check_characters(url)
    scheme, rest = _without_scheme(url, policy)
    authority, path_and_query = _split_authority(rest)
    host, port = _host_and_port(authority)
    _check_host(host, policy)
    _check_port(port or (_HTTPS_PORT if scheme == "https" else _HTTP_PORT), policy)
    _check_path_and_query(path_and_query)
    return url


def host_as_given(url: str) -> str:
    """Give what stands where the host would, for people; of any text, without user name and password."""
    found = _HOST_AS_GIVEN.match(url)
    return found[1][:MAX_HOST_CHARS] if found else ""


def _check_characters(url: str) -> None:
    if len(url) > MAX_URL_CHARS:
        raise InvalidInputError(f"the URL is longer than {MAX_URL_CHARS} characters")
    if not url:
        raise InvalidInputError("the URL is empty")
    if any(char.isspace() or not char.isprintable() for char in url):
        raise InvalidInputError("the URL has white space, control or invisible characters")
    if _PRINTABLE_ASCII.match(url) is None:
        raise InvalidInputError(
            "the URL has characters outside of ASCII",
            hint="write the host in punycode (xn--…), and percent-encode the path",
        )
    if "\\" in url:
        raise InvalidInputError("the URL must not have a backslash")
    if "#" in url:
        raise InvalidInputError("the URL must not have a fragment (#)")


def _without_scheme(url: str, policy: AddressPolicy) -> tuple[str, str]:
    found = _SCHEME.match(url)
    scheme = found[1].lower() if found else ""
    if found is None or (scheme == "http" and not policy.insecure):
        hint = "GATEWAY_ALLOW_INSECURE_ENDPOINTS=true allows plain http in development" if scheme == "http" else None
        begins = "https:// or http://" if policy.insecure else "https://"
        raise InvalidInputError(f"the URL must begin with {begins}", hint=hint)
    return scheme, url[found.end() :]


def _split_authority(rest: str) -> tuple[str, str]:
    authority, slash, path_and_query = rest.partition("/")
    if "@" in authority.partition("?")[0]:
        raise InvalidInputError("the URL must not carry a user name or password")
    if "?" in authority:
        # Some take the ? and what follows it for a part of the host.
        raise InvalidInputError("there must be a / between the host and the ?")
    return authority, slash + path_and_query


def _host_and_port(authority: str) -> tuple[str, int | None]:
    if "%" in authority:
        raise InvalidInputError("the host must not be percent-encoded or have a zone")
    found = _AUTHORITY.match(authority)
    if found is None or (found[2] is not None and _PORT.match(found[2]) is None):
        raise InvalidInputError(f"'{authority}' is not a host with a port", hint="write it like hooks.example.com:8443")
    if not found[1]:
        raise InvalidInputError("the URL has no host")
    return found[1], None if found[2] is None else int(found[2])


def _check_port(port: int, policy: AddressPolicy) -> None:
    if port > MAX_PORT or not policy.allows_port(port):
        hint = f"use one of {', '.join(map(str, policy.ports))} (GATEWAY_ENDPOINT_PORTS)"
        raise InvalidInputError(f"port {port} is not allowed", hint=hint)


def _check_host(host: str, policy: AddressPolicy) -> None:
    literal = _literal(host)
    if literal is not None:
        refusal = policy.refusal(literal)
        if refusal is not None:
            raise InvalidInputError(f"the address {literal} is {refusal}")
    elif not policy.insecure:
        _check_name(host.lower())
    elif _DEVELOPMENT_NAME.match(host.lower()) is None:
        raise InvalidInputError(f"'{host}' is not a host name")


def _literal(host: str) -> str | None:
    """Give the address that a host is, without brackets; None for a name."""
    bracketed = host.startswith("[")
    text = host.strip("[]")
    try:
        address = ipaddress.IPv6Address(text) if bracketed else ipaddress.IPv4Address(text)
    except ValueError:
        if bracketed:
            raise InvalidInputError(f"'{host}' is not an IPv6 address") from None
        return None
    if str(address) != text:
        raise InvalidInputError(f"'{host}' is not how this address is written (RFC 5952)", hint=f"write [{address}]")
    return text


def _check_name(name: str) -> None:
    top_label = name.rpartition(".")[2]
    if top_label in PRIVATE_TOP_LABELS or name in METADATA_NAMES:
        raise InvalidInputError(f"the host {name} is not public")
    if not top_label:
        raise InvalidInputError("the host must not end with a dot")
    if top_label[:1].isdigit():
        raise InvalidInputError(f"'{name}' is not an IPv4 address", hint="write it as four decimal numbers")
    if len(name) > MAX_HOST_CHARS or _HOST_NAME.match(name) is None:
        raise InvalidInputError(f"'{name}' is not a fully qualified host name")
    if not all(_is_plain(label) for label in name.split(".")):
        raise InvalidInputError(f"'{name}' is not an internationalised host name (RFC 5891)")


def _is_plain(label: str) -> bool:
    if not label.startswith("xn--"):
        return True
    try:
        return idna.alabel(idna.ulabel(label)) == label.encode()
    except UnicodeError:
        return False


def _check_path_and_query(text: str) -> None:
    path, _, query = text.partition("?")
    if _PATH.match(path) is None or _QUERY.match(query) is None:
        raise InvalidInputError("the path or query has characters that must be percent-encoded")
    if _DOT_SEGMENT.search(path):
        raise InvalidInputError("the path must not have the segments . and ..")
