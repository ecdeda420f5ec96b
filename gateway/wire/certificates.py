"""Certificates and private keys as users give them: PEM text, read strictly and brought into one form.

What is stored holds nothing but the certificates, so that the same ones are the same text. No message repeats a part
of a key.
"""

from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from gateway.domain.errors import InvalidInputError
from gateway.wire.moments import describe_moment, milliseconds_of

MAX_PEM_CHARS = 65_536
MAX_KEY_CHARS = 16_384
MAX_CERTIFICATES = 20

_MAX_SUBJECT_CHARS = 200
_SIGNING_KEYS = (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey, ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey)


@dataclass(frozen=True, slots=True)
class CertificateSummary:
    """What is shown of a certificate.

    Attributes:
        subject: its distinguished name (RFC 4514), printable and cut to a length.
        not_before_ms: since when it is valid, milliseconds since the epoch.
        not_after_ms: until when.
        sha256: its fingerprint, hex.
    """

    subject: str
    not_before_ms: int
    not_after_ms: int
    sha256: str


def parse_certificates(pem: str, what: str) -> str:
    """Read certificates and give them in one form: what stands between them is dropped.

    Args:
        pem: what the user gave.
        what: what messages call it, e.g. `the CA bundle`.

    Raises:
        InvalidInputError: it is too long, holds a private key, no certificate, too many, or one that can't be read.
    """
    if len(pem) > MAX_PEM_CHARS:
        raise InvalidInputError(f"{what} is longer than {MAX_PEM_CHARS} characters")
    if "PRIVATE KEY" in pem:
        raise InvalidInputError(f"{what} holds a private key", hint="a key is given apart from its certificate")
    try:
        certificates = x509.load_pem_x509_certificates(pem.encode())
        for certificate in certificates:
            _ = (certificate.public_key(), _summary(certificate))
    except (ValueError, UnsupportedAlgorithm):
        raise InvalidInputError(f"{what} is no list of certificates in PEM form") from None
    if len(certificates) > MAX_CERTIFICATES:
        raise InvalidInputError(f"{what} holds more than {MAX_CERTIFICATES} certificates")
    return "".join(certificate.public_bytes(Encoding.PEM).decode() for certificate in certificates)


def parse_private_key(pem: str) -> str:
    """Read a private key and give it in one form, PKCS #8.

    Raises:
        InvalidInputError: it is encrypted, too long, no key, or of a kind that signs nothing in TLS. The message
            repeats nothing of it.
    """
    if len(pem) > MAX_KEY_CHARS:
        raise InvalidInputError(f"the client key is longer than {MAX_KEY_CHARS} characters")
    if "ENCRYPTED" in pem:
        raise InvalidInputError(
            "the client key is encrypted with a password that the gateway does not know",
            hint="give it as `openssl pkey -in key.pem` writes it; the gateway seals it with its key ring",
        )
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise InvalidInputError("the client key is no private key in PEM form") from None
    if not isinstance(key, _SIGNING_KEYS):
        raise InvalidInputError("the client key is neither an RSA nor an elliptic curve key")
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def check_key_fits(chain: str, key: str) -> None:
    """Check that a private key is that of the first certificate of a chain; both were parsed before.

    Raises:
        InvalidInputError: it is another one's.
    """
    own = x509.load_pem_x509_certificate(chain.encode())
    if load_pem_private_key(key.encode(), password=None).public_key() != own.public_key():
        raise InvalidInputError(
            "the client key does not belong to the client certificate", hint="the client's own certificate comes first"
        )


def check_valid_now(chain: str, what: str, now_ms: int) -> None:
    """Check that the first certificate of a chain is valid; it was parsed before.

    Raises:
        InvalidInputError: it has expired, or is not valid yet.
    """
    own = summaries(chain)[0]
    if now_ms < own.not_before_ms:
        raise InvalidInputError(f"{what} is not valid before {describe_moment(own.not_before_ms)}")
    if now_ms > own.not_after_ms:
        raise InvalidInputError(f"{what} expired on {describe_moment(own.not_after_ms)}")


def check_not_expired(bundle: str, what: str, now_ms: int) -> None:
    """Check that not every certificate of a bundle has expired; it was parsed before.

    Raises:
        InvalidInputError: every one has.
    """
    newest = max(summary.not_after_ms for summary in summaries(bundle))
    if now_ms > newest:
        raise InvalidInputError(f"{what} expired on {describe_moment(newest)}")


def summaries(pem: str) -> list[CertificateSummary]:
    """Describe certificates that were parsed before, in their order.

    Raises:
        ValueError: they were not.
    """
    return [_summary(certificate) for certificate in x509.load_pem_x509_certificates(pem.encode())]


def _summary(certificate: x509.Certificate) -> CertificateSummary:
    subject = certificate.subject.rfc4514_string()[:_MAX_SUBJECT_CHARS]
    return CertificateSummary(
        "".join(char if char.isprintable() else "?" for char in subject),
        milliseconds_of(certificate.not_valid_before_utc),
        milliseconds_of(certificate.not_valid_after_utc),
        certificate.fingerprint(hashes.SHA256()).hex(),
    )
