"""The operator's proxy through which deliveries leave, as it is configured. Its credentials show nowhere."""

import base64
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from gateway.domain.errors import InvalidInputError

MAX_URL_CHARS = 2048
_HINT = "write it like http://proxy.internal:3128 or https://user:password@proxy.internal:3129"


@dataclass(frozen=True, slots=True)
class EgressProxy:
    """A proxy that makes tunnels (CONNECT, RFC 9110 section 9.3.6).

    Attributes:
        scheme: `http`, or `https` where the proxy itself is spoken to over TLS.
        host: a name or an address, an IPv6 address without brackets.
        port: the TCP port.
        authorization: the value of `Proxy-Authorization`, or None.
    """

    scheme: str
    host: str
    port: int
    authorization: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def parse_egress_proxy(text: str) -> EgressProxy:
    """Read a proxy's URL. What is wrong with it is told without quoting it: it may hold a password.

    Raises:
        InvalidInputError: it is not the URL of a proxy.
    """
    if len(text) > MAX_URL_CHARS:
        raise InvalidInputError(f"the proxy's URL is longer than {MAX_URL_CHARS} characters")
    if not text.isascii() or not text.isprintable() or " " in text:
        raise InvalidInputError("the proxy's URL has characters outside printable ASCII", hint="percent-encode them")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise InvalidInputError("the proxy's URL is not a URL", hint=_HINT) from None
    if parts.scheme not in {"http", "https"}:
        raise InvalidInputError("the proxy's URL must begin with http:// or https://", hint=_HINT)
    if not host or not port:
        raise InvalidInputError("the proxy's URL must have a host and a port", hint=_HINT)
    if parts.path not in {"", "/"} or "?" in text or "#" in text:
        raise InvalidInputError("the proxy's URL must end with the port", hint="percent-encode / ? # in a password")
    return EgressProxy(parts.scheme, host, port, _authorization(parts))


def _authorization(parts: SplitResult) -> str | None:
    """Give the credentials as the Basic scheme has them (RFC 7617)."""
    if parts.username is None:
        return None
    user, password = unquote(parts.username), unquote(parts.password or "")
    if ":" in user or not (user + password).isprintable():
        raise InvalidInputError("the proxy's user must not have a colon, nor the password control characters")
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
