"""Which mistake explains a signature that does not fit: each common one is named, and only that one."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.secret import Ed25519Secret, HmacSecret, parse_hmac_secret
from gateway.domain.signing import sign_standard
from gateway.receiver import InvalidSecretError
from gateway.receiver.diagnosis import MAX_JSON_BYTES, CapturedRequest, find_mistakes

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PAIR = Ed25519Secret(b"p" * 32)
AT = 1_700_000_000
BODY = b'{"id":"evt_1","data":{"note":"gr\xc3\xb6\xc3\x9fer","amount":1.5}}'


def signed(body: bytes = BODY, *, secret: str | bytes = SECRET, webhook_id: str = "evt_1", at: int = AT) -> str:
    """Sign as a sender does; bytes are used as the key as they are."""
    key = HmacSecret(secret) if isinstance(secret, bytes) else parse_hmac_secret(secret)
    return sign_standard([key], webhook_id, at, body)


def digest_of(content: bytes) -> bytes:
    return hmac.digest(parse_hmac_secret(SECRET).key, content, hashlib.sha256)


def captured(signatures: str, body: bytes = BODY) -> CapturedRequest:
    return CapturedRequest("evt_1", str(AT), signatures, body)


GOOD = captured(signed())
REWRITTEN = json.loads(BODY)
# What was captured, and a part of the one sentence that explains it.
MISTAKES = {
    "time": (GOOD, "only the time is off"),
    "newline added": (captured(signed(), BODY + b"\n"), "without the newline at its end"),
    "CR LF added": (captured(signed(), BODY + b"\r\n"), "without the newline at its end"),
    "newline lost": (captured(signed(BODY + b"\n")), "with a newline at its end"),
    "CR LF lost": (captured(signed(BODY + b"\r\n")), "with CR and LF at its end"),
    "CR LF for LF": (captured(signed(b"a\nb"), b"a\r\nb"), "with LF for CR LF"),
    "LF for CR LF": (captured(signed(b"a\r\nb"), b"a\nb"), "with CR LF for LF"),
    "byte order mark": (captured(signed(), b"\xef\xbb\xbf" + BODY), "without its byte order mark"),
    "json.dumps": (captured(signed(), json.dumps(REWRITTEN).encode()), "JSON written compactly:"),
    "indented": (captured(signed(), json.dumps(REWRITTEN, indent=2).encode()), "JSON written compactly:"),
    "spaces lost": (
        captured(signed(json.dumps(REWRITTEN, ensure_ascii=False).encode())),
        "with a space after commas and colons:",
    ),
    "keys sorted by the sender": (
        captured(signed(b'{"a":1,"b":2}'), b'{"b": 2, "a": 1}'),
        "its keys sorted",
    ),
    "milliseconds sent, seconds signed": (
        replace(GOOD, timestamp=f"{AT}123"),
        f"the timestamp {AT}, in seconds",
    ),
    "milliseconds sent, and a newline added": (
        replace(GOOD, timestamp=f"{AT}123", body=BODY + b"\n"),
        "without the newline at its end",
    ),
    "milliseconds signed, seconds sent": (captured(signed(at=AT * 1000)), f"{AT * 1000}, in milliseconds"),
    "another id": (replace(GOOD, webhook_id="evt_9"), "the id in the body, 'evt_1'"),
    "swapped": (
        captured(f"v1,{base64.b64encode(digest_of(f'{AT}.evt_1.'.encode() + BODY)).decode()}"),
        "the timestamp before the id",
    ),
    "body alone": (captured(f"v1,{base64.b64encode(digest_of(BODY)).decode()}"), "the body alone"),
    "no id": (
        captured(f"v1,{base64.b64encode(digest_of(f'{AT}.'.encode() + BODY)).decode()}"),
        "without the id",
    ),
    "prefix in the key": (captured(signed(secret=SECRET.encode())), "the text of the secret, whsec_ and all"),
    "key not decoded": (captured(signed(secret=SECRET[6:].encode())), "as it stands"),
    "no version": (captured(signed().removeprefix("v1,")), "a version stands before"),
    "hex": (captured(f"v1,{digest_of(GOOD.content).hex()}"), "base64, not hex"),
    "hex alone": (captured(digest_of(GOOD.content).hex()), "base64, not hex"),
    "no padding": (captured(signed().rstrip("=")), "padded base64"),
    "commas between": (captured(f"v1,AAAA,{signed()}"), "separated by single spaces"),
}


@pytest.mark.parametrize(("request_", "says"), MISTAKES.values(), ids=MISTAKES)
def test_each_mistake_is_named_alone(request_: CapturedRequest, says: str) -> None:
    """The one sentence that helps, beside at most what can be seen without trying."""
    found = find_mistakes(request_, [SECRET])
    (sentence,) = [one for one in found if not one.startswith("the timestamp looks")]
    assert says in sentence


def test_milliseconds_are_seen() -> None:
    """A timestamp in milliseconds is told even where nothing fits."""
    (sentence,) = find_mistakes(replace(GOOD, timestamp=f"{AT}000", signatures="v1,AAAA"), [SECRET])
    assert "looks like milliseconds" in sentence


@pytest.mark.parametrize(
    ("signatures", "secret", "says"),
    [
        (sign_standard([PAIR], "evt_1", AT, BODY), SECRET, "whpk_"),
        (signed(), PAIR.public_key.text, "whsec_"),
    ],
)
def test_a_key_of_the_other_type_is_told(signatures: str, secret: str, says: str) -> None:
    """Whoever has the wrong type of key learns which one is needed."""
    (sentence,) = find_mistakes(captured(signatures), [secret])
    assert says in sentence
    assert "none was given" in sentence


def test_a_changed_body_is_found_under_a_public_key() -> None:
    """Mistakes of the content are tried with public keys, too."""
    signatures = sign_standard([PAIR], "evt_1", AT, BODY)
    (sentence,) = find_mistakes(captured(signatures, BODY + b"\n"), [PAIR.public_key.text])
    assert "without the newline" in sentence


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00\xff",
        b"[" * 100_000,
        b"[" * 900 + b"1," * 500_000 + b"1" + b"]" * 900,
        b'{"id":1}',
        b'{"id":"\\ud800"}',
        b" " * (MAX_JSON_BYTES + 1),
        b"9" * 5000,
    ],
)
def test_what_nobody_signed_has_no_explanation(body: bytes) -> None:
    """A forged request is no mistake, whatever its body is."""
    assert find_mistakes(captured("v1,AAAA", body), [SECRET]) == []


def test_a_secret_that_is_none_is_refused() -> None:
    """As by verify."""
    with pytest.raises(InvalidSecretError):
        find_mistakes(GOOD, ["whsec_short"])


@given(
    webhook_id=st.text(st.characters()),
    timestamp=st.text(st.characters()),
    signatures=st.text(st.characters()),
    body=st.binary(),
)
def test_arbitrary_input_is_no_mistake_and_no_crash(
    webhook_id: str, timestamp: str, signatures: str, body: bytes
) -> None:
    """Whatever is written down, there is an answer, and nothing fits by chance."""
    found = find_mistakes(CapturedRequest(webhook_id, timestamp, signatures, body), [SECRET, PAIR.public_key.text])
    assert not [sentence for sentence in found if "fits" in sentence]
