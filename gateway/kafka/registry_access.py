"""How a schema registry is reached, and who asks it. Apart from the session, whose libraries take long to import."""

from base64 import b64encode
from dataclasses import dataclass, field

from gateway.kafka.security import Tls

DEFAULT_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class RegistryAccess:
    """A schema registry and who asks it.

    Attributes:
        url: its base URL, without a user; or several of the same registry, comma separated.
        authorization: what the header `Authorization` says, or None; see `basic` and `bearer`.
        tls: how the registry proves who it is, and the certificate that is shown to it.
        timeout_s: how long connecting, the beginning of an answer and its body may take each, in seconds.
    """

    url: str
    authorization: str | None = field(default=None, repr=False)
    tls: Tls = field(default_factory=Tls)
    timeout_s: float = DEFAULT_TIMEOUT_S


def basic(username: str, password: str) -> str:
    """Give the `Authorization` of a user and a password (RFC 7617)."""
    return f"Basic {b64encode(f'{username}:{password}'.encode()).decode()}"


def bearer(token: str) -> str:
    """Give the `Authorization` of a token (RFC 6750)."""
    return f"Bearer {token}"
