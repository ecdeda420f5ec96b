"""Certificates and keys as users give them: read strictly, kept in one form, never repeated in a message."""

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from gateway.domain.errors import InvalidInputError
from gateway.wire.certificates import (
    MAX_CERTIFICATES,
    MAX_KEY_CHARS,
    MAX_PEM_CHARS,
    check_key_fits,
    check_not_expired,
    check_valid_now,
    parse_certificates,
    parse_private_key,
    summaries,
)
from tests.certificates import Authority

DAY = timedelta(days=1)
DAY_MS = 86_400_000


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Give a made-up authority."""
    return Authority(tmp_path)


def pem_of(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, form: PrivateFormat, password: bytes = b"") -> str:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, form, encryption).decode()


def test_the_same_certificates_are_the_same_text(authority: Authority) -> None:
    """What stands around them is dropped, also where it is no ASCII."""
    first, second = authority.client("first").certificate, authority.client("second").certificate
    messy = f"# Zürich\r\n{first.replace(chr(10), chr(13) + chr(10))}\n\nSubject: CN=x\n{second}\ntail"
    assert parse_certificates(messy, "it") == first + second
    assert [summary.subject for summary in summaries(first + second)] == ["CN=first", "CN=second"]


def test_what_is_no_list_of_certificates_is_refused(authority: Authority) -> None:
    """Each with its reason."""
    own = authority.client()
    damaged = own.certificate.replace(own.certificate[100:110], "AAAAAAAAAA")
    for text, says in {
        "": "no list of certificates",
        "hello": "no list of certificates",
        "\x00\ud800"[:1]: "no list of certificates",
        damaged: "no list of certificates",
        own.certificate[:200]: "no list of certificates",
        own.certificate + own.key: "private key",
        own.certificate * (MAX_CERTIFICATES + 1): f"more than {MAX_CERTIFICATES}",
        own.certificate + "x" * MAX_PEM_CHARS: "longer than",
    }.items():
        with pytest.raises(InvalidInputError, match=says):
            parse_certificates(text, "it")


def test_a_key_is_brought_into_one_form() -> None:
    """Whichever of the usual forms it comes in."""
    key = ec.generate_private_key(ec.SECP256R1())
    pkcs8 = pem_of(key, PrivateFormat.PKCS8)
    assert parse_private_key(pem_of(key, PrivateFormat.TraditionalOpenSSL)) == pkcs8
    assert parse_private_key(pkcs8) == pkcs8
    other = ed25519.Ed25519PrivateKey.generate()
    assert parse_private_key(
        other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    ).startswith("-----BEGIN PRIVATE KEY-----")


def test_what_is_no_key_is_refused_and_not_repeated(authority: Authority) -> None:
    """An encrypted key says what to do; none of it is in a message."""
    key = ec.generate_private_key(ec.SECP256R1())
    exchange = x25519.X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    plain = pem_of(key, PrivateFormat.PKCS8)
    for text, says in {
        "": "no private key",
        "hunter2": "no private key",
        authority.pem: "no private key",
        plain[:100]: "no private key",
        pem_of(key, PrivateFormat.PKCS8, b"password"): "encrypted with a password",
        pem_of(key, PrivateFormat.TraditionalOpenSSL, b"password"): "encrypted with a password",
        exchange.decode(): "neither an RSA nor",
        plain + " " * MAX_KEY_CHARS: "longer than",
    }.items():
        with pytest.raises(InvalidInputError, match=says) as refused:
            parse_private_key(text)
        assert text[30:60] not in refused.value.message or not text[30:60]


def test_a_key_fits_its_own_certificate_only(authority: Authority) -> None:
    """The certificate that is the client's own comes first."""
    own, other = authority.client(), authority.client()
    check_key_fits(own.certificate + authority.pem, own.key)
    for chain in (other.certificate, authority.pem + own.certificate):
        with pytest.raises(InvalidInputError, match="does not belong"):
            check_key_fits(chain, own.key)


def test_a_certificate_has_its_time(authority: Authority) -> None:
    """A client's own has to be valid; of a bundle, one is enough."""
    old, new = authority.client(end=-DAY).certificate, authority.client().certificate
    now_ms = summaries(new)[0].not_after_ms - DAY_MS // 2

    check_valid_now(new + old, "it", now_ms)
    check_not_expired(old + new, "it", now_ms)
    with pytest.raises(InvalidInputError, match="it expired on 20"):
        check_valid_now(old + new, "it", now_ms)
    with pytest.raises(InvalidInputError, match="it expired on 20"):
        check_not_expired(old, "it", now_ms)
    with pytest.raises(InvalidInputError, match="not valid before 20"):
        check_valid_now(new, "it", now_ms - 30 * DAY_MS)


def test_a_subject_is_shown_printable_and_short(authority: Authority) -> None:
    """A name is what its owner wrote: it reaches a terminal."""
    (summary,) = summaries(authority.client("\x1b[2J\x9b\u202e").certificate)
    assert summary.subject.isprintable()
