"""Who a client says it is, and how it knows that it speaks to the right broker: one description for every client.

librdkafka's clients take it as properties; Faust's client takes the same (`gateway.stream.broker_login`). Passwords
never show in a `repr`.
"""

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from gateway.domain.errors import InvalidInputError

PasswordMechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


@dataclass(frozen=True, slots=True)
class Tls:
    """How a server's certificate is verified, and the certificate that is shown to it. Names are always compared.

    Attributes:
        ca_file: PEM file of the authorities that are trusted; None for the system's.
        certificate_file: PEM file with the client's certificate and its chain, or None.
        key_file: PEM file with its key; None where the certificate's file has it.
        key_password: opens the key, or None.
    """

    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    key_password: str | None = field(default=None, repr=False)

    def context(self) -> ssl.SSLContext:
        """Build the context for clients on Python's sockets; checks the files for the others.

        Raises:
            InvalidInputError: a file can't be read, is not what it should be, or the key's password is wrong.
        """
        context = trusting(self.ca_file)
        if self.certificate_file is not None:
            try:
                # Without a password of ours, OpenSSL would ask for one on the terminal.
                context.load_cert_chain(self.certificate_file, self.key_file, lambda: self.key_password or "")
            except OSError as error:
                files = " with ".join(str(file) for file in (self.certificate_file, self.key_file) if file)
                raise InvalidInputError(
                    f"the client certificate {files} can't be used: {_reason(error)}",
                    hint="both are PEM files; the key has to belong to the certificate, and its password has to fit",
                ) from None
        return context

    def properties(self) -> dict[str, Any]:
        """Give librdkafka's properties."""
        given = {
            "ssl.ca.location": self.ca_file,
            "ssl.certificate.location": self.certificate_file,
            "ssl.key.location": self.key_file or self.certificate_file,
            "ssl.key.password": self.key_password,
        }
        return {
            "ssl.endpoint.identification.algorithm": "https",
            **{name: str(value) for name, value in given.items() if value is not None},
        }


@dataclass(frozen=True, slots=True)
class PasswordLogin:
    """A user name and a password (RFC 4616, RFC 5802).

    Attributes:
        mechanism: how the password is proved.
        username: who it is.
        password: never shown.
    """

    mechanism: PasswordMechanism
    username: str
    password: str = field(repr=False)

    def properties(self) -> dict[str, Any]:
        """Give librdkafka's properties."""
        return {"sasl.mechanism": self.mechanism, "sasl.username": self.username, "sasl.password": self.password}


@dataclass(frozen=True, slots=True)
class TokenLogin:
    """Tokens of an OAuth 2.0 server, got with a client's own credentials (RFC 6749 section 4.4, RFC 7628).

    Attributes:
        token_url: the server's token endpoint.
        client_id: who the client is to it.
        client_secret: never shown.
        scope: what to ask for, or None.
        ca_file: PEM file of the authorities that are trusted for the endpoint; None for the system's.
    """

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str | None = None
    ca_file: Path | None = None

    def properties(self) -> dict[str, Any]:
        """Give librdkafka's properties; it gets and renews the tokens itself."""
        given = {"sasl.oauthbearer.scope": self.scope, "https.ca.location": self.ca_file}
        return {
            "sasl.mechanism": "OAUTHBEARER",
            "sasl.oauthbearer.method": "oidc",
            "sasl.oauthbearer.token.endpoint.url": self.token_url,
            "sasl.oauthbearer.client.id": self.client_id,
            "sasl.oauthbearer.client.secret": self.client_secret,
            **{name: str(value) for name, value in given.items() if value is not None},
        }


@dataclass(frozen=True, slots=True)
class KafkaSecurity:
    """How connections to the brokers are secured; nothing of it is a connection in the clear, for local use.

    Attributes:
        tls: None for connections that are not encrypted.
        login: None where no user is named: with `tls`, the client's certificate may say who it is.
    """

    tls: Tls | None = None
    login: PasswordLogin | TokenLogin | None = None

    @property
    def protocol(self) -> str:
        """Kafka's name for it."""
        channel = "PLAINTEXT" if self.tls is None else "SSL"
        return channel if self.login is None else f"SASL_{channel}"

    def properties(self) -> dict[str, Any]:
        """Give librdkafka's properties."""
        return {
            "security.protocol": self.protocol,
            **({} if self.tls is None else self.tls.properties()),
            **({} if self.login is None else self.login.properties()),
        }


IN_THE_CLEAR = KafkaSecurity()


def trusting(ca_file: Path | None) -> ssl.SSLContext:
    """Build a context that trusts a file's authorities, or the system's where it is None.

    Raises:
        InvalidInputError: the file can't be read, or holds no certificate.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise InvalidInputError(
            f"the authorities in {ca_file} can't be used: {_reason(error)}", hint="it has to be a PEM file"
        ) from None


def _reason(error: OSError) -> str:
    # OpenSSL's own text ends with a place in its source.
    return (error.reason if isinstance(error, ssl.SSLError) else error.strerror) or "unknown"
