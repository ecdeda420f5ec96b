"""The signature headers, against published vectors and independent implementations."""

import base64
import datetime as dt
import hashlib
import hmac
import time

import pytest
import standardwebhooks
import svix.webhooks
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.errors import InvalidInputError
from gateway.domain.secret import Ed25519Secret, HmacSecret, SecretType, parse_secret
from gateway.domain.signing import (
    ID_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    X_ID_HEADER,
    X_SIGNATURE_HEADER,
    X_TIMESTAMP_HEADER,
    check_signable,
    sign_body_hex,
    sign_standard,
    signature_headers,
)
from gateway.domain.subscription import SignatureProfile
from gateway.receiver import verify

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
KEY_PAIR = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
LIBRARIES = [standardwebhooks.Webhook, svix.webhooks.Webhook]
STANDARD, X_WEBHOOK = SignatureProfile.STANDARD, SignatureProfile.X_WEBHOOK
# With each of two libraries: a thousand round trips in either direction.
ROUND_TRIPS = 500

texts = st.text(st.characters(exclude_categories=["Cs"]))
ids = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=256)
hmac_secrets = st.builds(HmacSecret, st.binary(min_size=24, max_size=64))
key_pairs = st.builds(Ed25519Secret, st.binary(min_size=32, max_size=32))


@pytest.mark.parametrize(
    ("secret", "signature"),
    [
        # The vector that Standard Webhooks implementations share.
        (SECRET, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        # Svix's server, `test_asymmetric_key_signing`; the specification shows this signature as its example.
        (KEY_PAIR, "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="),
    ],
)
def test_published_vectors(secret: str, signature: str) -> None:
    """Published secrets give the published signatures."""
    content = ("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert sign_standard([parse_secret(secret)], *content) == signature


def test_the_vector_of_the_reference_library() -> None:
    """The seed with which the Go library of Standard Webhooks is tested gives its signature."""
    seed = base64.b64decode("VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=")
    assert sign_standard(
        [Ed25519Secret(seed)], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    ) == ("v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==")


@pytest.mark.parametrize("library", LIBRARIES)
@settings(max_examples=ROUND_TRIPS)
@given(secret=hmac_secrets, pair=key_pairs, webhook_id=ids, body=texts)
def test_other_libraries_accept_our_signature(
    library: type[standardwebhooks.Webhook] | type[svix.webhooks.Webhook],
    secret: HmacSecret,
    pair: Ed25519Secret,
    webhook_id: str,
    body: str,
) -> None:
    """What we sign, the published libraries accept, whatever secret, id and body, and with a v1a signature beside."""
    headers = signature_headers(
        [STANDARD], [pair, secret], webhook_id, body.encode(), now_ms=time.time_ns() // 1_000_000
    )
    if isinstance(webhook := library(secret.text), standardwebhooks.Webhook):
        webhook.verify(body, headers, json_parse=False)
    else:
        webhook.verify(body, headers)


@pytest.mark.parametrize("library", LIBRARIES)
@settings(max_examples=ROUND_TRIPS)
@given(secret=hmac_secrets, webhook_id=ids, body=texts)
def test_we_accept_the_signature_of_other_libraries(
    library: type[standardwebhooks.Webhook] | type[svix.webhooks.Webhook],
    secret: HmacSecret,
    webhook_id: str,
    body: str,
) -> None:
    """What the published libraries sign, we accept, whatever secret, id and body."""
    now = dt.datetime.now(tz=dt.UTC)
    headers = {
        ID_HEADER: webhook_id,
        TIMESTAMP_HEADER: str(int(now.timestamp())),
        SIGNATURE_HEADER: library(secret.text).sign(webhook_id, now, body),
    }
    assert verify(headers, body.encode(), secret.text).webhook_id == webhook_id


@settings(max_examples=1000)
@given(pair=key_pairs, webhook_id=ids, timestamp_s=st.integers(0, 10**11), body=st.binary())
def test_ed25519_both_ways(pair: Ed25519Secret, webhook_id: str, timestamp_s: int, body: bytes) -> None:
    """No published Python library knows v1a: `cryptography` alone, given raw keys, verifies ours, and we verify its."""
    content = f"{webhook_id}.{timestamp_s}.".encode() + body
    version, signature = sign_standard([pair], webhook_id, timestamp_s, body).split(",")
    assert version == "v1a"
    Ed25519PublicKey.from_public_bytes(pair.public_key.key).verify(base64.b64decode(signature), content)

    theirs = base64.b64encode(Ed25519PrivateKey.from_private_bytes(pair.seed).sign(content)).decode()
    headers = {ID_HEADER: webhook_id, TIMESTAMP_HEADER: str(timestamp_s), SIGNATURE_HEADER: f"v1a,{theirs}"}
    assert verify(headers, body, pair.public_key.text, now_s=timestamp_s).webhook_id == webhook_id


def test_each_secret_signs_during_a_rotation() -> None:
    """There is an entry of each secret, of whatever type, and a receiver that knows any of them accepts."""
    secrets = [parse_secret(text) for text in (OTHER_SECRET, KEY_PAIR, SECRET)]
    headers = signature_headers([STANDARD], secrets, "evt_1", b"{}", now_ms=1_700_000_000_999)
    assert headers[TIMESTAMP_HEADER] == "1700000000"
    assert headers[SIGNATURE_HEADER].split(" ") == [
        sign_standard([secret], "evt_1", 1_700_000_000, b"{}") for secret in secrets
    ]
    for secret in secrets:
        trusted = secret.public_key.text if isinstance(secret, Ed25519Secret) else secret.text
        verify(headers, b"{}", trusted, now_s=1_700_000_000)


def test_x_webhook_headers() -> None:
    """The x-webhook profile is the hex HMAC of the body alone, by the newest HMAC secret, with milliseconds."""
    newest, older = HmacSecret(b"n" * 32), HmacSecret(b"o" * 32)
    secrets = [parse_secret(KEY_PAIR), newest, older]
    assert signature_headers([X_WEBHOOK], secrets, "evt_1", b"body", now_ms=1234) == {
        X_ID_HEADER: "evt_1",
        X_TIMESTAMP_HEADER: "1234",
        X_SIGNATURE_HEADER: hmac.new(newest.key, b"body", hashlib.sha256).hexdigest(),
    }


def test_x_webhook_needs_an_hmac_secret() -> None:
    """Key pairs sign the standard profile only, and nothing is sent unsigned for that."""
    with pytest.raises(InvalidInputError, match="needs an hmac secret"):
        signature_headers([STANDARD, X_WEBHOOK], [parse_secret(KEY_PAIR)], "evt_1", b"{}", now_ms=0)
    with pytest.raises(InvalidInputError, match="needs an hmac secret"):
        check_signable([X_WEBHOOK], {SecretType.ED25519})
    check_signable([STANDARD], {SecretType.ED25519})
    check_signable([STANDARD, X_WEBHOOK], {SecretType.HMAC})


def test_both_profiles_are_sent_together() -> None:
    """A subscription with both profiles sends six headers."""
    secret = HmacSecret(bytes(32))
    headers = signature_headers(list(SignatureProfile), [secret], "evt_1", b"{}", now_ms=0)
    assert len(headers) == 6
    assert headers[X_SIGNATURE_HEADER] == sign_body_hex(secret, b"{}")
