"""The signature headers, against published vectors and two independent implementations."""

import datetime as dt
import hashlib
import hmac
import time

import pytest
import standardwebhooks
import svix.webhooks
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.secret import SigningSecret, parse_secret
from gateway.domain.signing import (
    ID_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    X_ID_HEADER,
    X_SIGNATURE_HEADER,
    X_TIMESTAMP_HEADER,
    sign_body_hex,
    sign_v1,
    signature_headers,
)
from gateway.domain.subscription import SignatureProfile
from gateway.receiver import verify

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
LIBRARIES = [standardwebhooks.Webhook, svix.webhooks.Webhook]

texts = st.text(st.characters(exclude_categories=["Cs"]))
ids = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=256)


def test_published_vector_of_standard_webhooks() -> None:
    """The vector that Standard Webhooks implementations share gives the published signature."""
    signature = sign_v1(parse_secret(SECRET), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("library", LIBRARIES)
@given(webhook_id=ids, body=texts)
def test_other_libraries_accept_our_signature(
    library: type[standardwebhooks.Webhook] | type[svix.webhooks.Webhook], webhook_id: str, body: str
) -> None:
    """What we sign, the published libraries accept, whatever id and body."""
    headers = signature_headers(
        [SignatureProfile.STANDARD],
        [parse_secret(SECRET)],
        webhook_id,
        body.encode(),
        now_ms=time.time_ns() // 1_000_000,
    )
    if isinstance(webhook := library(SECRET), standardwebhooks.Webhook):
        webhook.verify(body, headers, json_parse=False)
    else:
        webhook.verify(body, headers)


@pytest.mark.parametrize("library", LIBRARIES)
@given(webhook_id=ids, body=texts)
def test_we_accept_the_signature_of_other_libraries(
    library: type[standardwebhooks.Webhook] | type[svix.webhooks.Webhook], webhook_id: str, body: str
) -> None:
    """What the published libraries sign, we accept, whatever id and body."""
    now = dt.datetime.now(tz=dt.UTC)
    headers = {
        ID_HEADER: webhook_id,
        TIMESTAMP_HEADER: str(int(now.timestamp())),
        SIGNATURE_HEADER: library(SECRET).sign(webhook_id, now, body),
    }
    assert verify(headers, body.encode(), SECRET).webhook_id == webhook_id


def test_each_secret_signs_during_a_rotation() -> None:
    """With two secrets there are two entries, and a receiver that knows either one accepts."""
    secrets = [parse_secret(OTHER_SECRET), parse_secret(SECRET)]
    headers = signature_headers([SignatureProfile.STANDARD], secrets, "evt_1", b"{}", now_ms=1_700_000_000_999)
    assert headers[TIMESTAMP_HEADER] == "1700000000"
    assert headers[SIGNATURE_HEADER].split(" ") == [
        sign_v1(secret, "evt_1", 1_700_000_000, b"{}") for secret in secrets
    ]
    for secret in (SECRET, OTHER_SECRET):
        verify(headers, b"{}", secret, now_s=1_700_000_000)


def test_x_webhook_headers() -> None:
    """The x-webhook profile is the hex HMAC of the body alone, by the newest secret, with milliseconds."""
    newest, older = parse_secret(OTHER_SECRET), parse_secret(SECRET)
    headers = signature_headers([SignatureProfile.X_WEBHOOK], [newest, older], "evt_1", b"body", now_ms=1234)
    assert headers == {
        X_ID_HEADER: "evt_1",
        X_TIMESTAMP_HEADER: "1234",
        X_SIGNATURE_HEADER: hmac.new(newest.key, b"body", hashlib.sha256).hexdigest(),
    }


def test_both_profiles_are_sent_together() -> None:
    """A subscription with both profiles sends six headers."""
    headers = signature_headers(list(SignatureProfile), [parse_secret(SECRET)], "evt_1", b"{}", now_ms=0)
    assert len(headers) == 6
    assert headers[X_SIGNATURE_HEADER] == sign_body_hex(parse_secret(SECRET), b"{}")


@given(key=st.binary(min_size=24, max_size=64))
def test_secret_text_round_trip(key: bytes) -> None:
    """A secret's text reads back as the same secret, and never shows in its repr."""
    secret = SigningSecret(key)
    assert parse_secret(secret.text) == secret
    assert repr(secret) == "SigningSecret()"
