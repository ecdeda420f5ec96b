"""Certificates for TLS endpoints of the tests: a made-up authority and what it, or nobody, has signed."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

_DAY = timedelta(days=1)
# Python 3.13 checks chains strictly (RFC 5280): an authority says what its key is for, and both name their keys.
_SIGNS_CERTIFICATES = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


@dataclass(frozen=True, slots=True)
class Client:
    """A client's certificate and its private key, as PEM."""

    certificate: str
    key: str


class Authority:
    """Signs certificates; `pem`, also in `file`, is what those who meet its certificates have to trust."""

    def __init__(self, folder: Path, name: str = "Test Authority") -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        certificate = (
            _builder(self._name, self._name, self._key, now - _DAY, now + _DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_SIGNS_CERTIFICATES, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        self.pem = certificate.public_bytes(Encoding.PEM).decode()
        self.file = folder / f"{name}.pem"
        self.file.write_text(self.pem)

    def server(self, *, host: str | None = None, end: timedelta = _DAY) -> ssl.SSLContext:
        """Give the server side of an endpoint, for 127.0.0.1 or the name given; valid for three days till `end`."""
        return self._context("signed", self._name, self._key, host, datetime.now(UTC) + end)

    def server_for(self, clients: "Authority") -> ssl.SSLContext:
        """Give the server side of an endpoint for which clients need a certificate of their own."""
        context = self.server()
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=clients.pem)
        return context

    def client(self, name: str = "gateway", *, end: timedelta = _DAY) -> Client:
        """Make a client's certificate, valid for three days till `end`."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        until = datetime.now(UTC) + end
        certificate = (
            _builder(subject, self._name, key, until - 3 * _DAY, until)
            .add_extension(_issued_by(self._key), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return Client(certificate.public_bytes(Encoding.PEM).decode(), _pem_of(key).decode())

    def self_signed_server(self) -> ssl.SSLContext:
        """Give the server side of an endpoint whose certificate nobody vouches for."""
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Nobody")])
        return self._context("self-signed", name, None, None, datetime.now(UTC) + _DAY)

    def _context(
        self,
        label: str,
        issuer: x509.Name,
        issuer_key: ec.EllipticCurvePrivateKey | None,
        host: str | None,
        end: datetime,
    ) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = issuer if issuer_key is None else x509.Name([])
        name = x509.IPAddress(IPv4Address("127.0.0.1")) if host is None else x509.DNSName(host)
        certificate = (
            _builder(subject, issuer, key, end - 3 * _DAY, end)
            .add_extension(x509.SubjectAlternativeName([name]), critical=True)
            .add_extension(_issued_by(issuer_key or key), critical=False)
            .sign(issuer_key or key, hashes.SHA256())
        )
        file = self._folder / f"{label}.pem"
        file.write_bytes(_pem_of(key) + certificate.public_bytes(Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, begin: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
    )


def _pem_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _issued_by(key: ec.EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
