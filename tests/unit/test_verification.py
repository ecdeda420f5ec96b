"""What `gateway.receiver.verify` accepts, and by which error it refuses the rest."""

import base64
import hmac
import subprocess
import sys
from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from gateway.domain.secret import Ed25519Secret, HmacSecret, PublicKey, parse_hmac_secret, parse_secret
from gateway.domain.signing import sign_body_hex, sign_standard, signature_headers
from gateway.domain.subscription import SignatureProfile
from gateway.receiver import (
    FutureTimestampError,
    InvalidHeaderError,
    InvalidSecretError,
    InvalidSignatureError,
    InvalidTimestampError,
    MissingHeaderError,
    StaleTimestampError,
    VerifiedWebhook,
    WebhookVerificationError,
    verify,
)
from gateway.receiver.trusted_keys import MAX_V1A_SIGNATURES

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
PAIR, OTHER_PAIR = Ed25519Secret(b"p" * 32), Ed25519Secret(b"o" * 32)
PUBLIC_KEY, OTHER_PUBLIC_KEY = PAIR.public_key.text, OTHER_PAIR.public_key.text
NOW_S = 1_700_000_000
BODY = '{"id":"evt_1","type":"order.created","data":{"note":"größer"}}'.encode()
STANDARD, X_WEBHOOK = SignatureProfile.STANDARD, SignatureProfile.X_WEBHOOK


def signed(*profiles: SignatureProfile, now_ms: int = NOW_S * 1000, secret: str = SECRET) -> dict[str, str]:
    """Sign BODY."""
    return signature_headers(profiles or [STANDARD], [parse_secret(secret)], "evt_1", BODY, now_ms=now_ms)


def check(headers: Mapping[str, str], body: bytes = BODY) -> VerifiedWebhook:
    """Verify at the time of signing."""
    return verify(headers, body, SECRET, now_s=NOW_S)


def test_standard_is_verified() -> None:
    """A signed request gives its id and its time in milliseconds."""
    assert check(signed()) == VerifiedWebhook("evt_1", NOW_S * 1000, STANDARD)


def test_x_webhook_is_verified() -> None:
    """The other profile works alone, and its time keeps its milliseconds."""
    assert check(signed(X_WEBHOOK, now_ms=NOW_S * 1000 + 7)) == VerifiedWebhook("evt_1", NOW_S * 1000 + 7, X_WEBHOOK)


@pytest.mark.parametrize("profile", SignatureProfile)
@pytest.mark.parametrize("spell", [str.lower, str.upper, str.title])
def test_header_names_in_any_case(profile: SignatureProfile, spell: Callable[[str], str]) -> None:
    """Header names are compared without regard to case."""
    assert check({spell(name): value for name, value in signed(profile).items()}).profile is profile


@pytest.mark.parametrize("profile", SignatureProfile)
def test_kinds_of_headers(profile: SignatureProfile) -> None:
    """A dict, aiohttp's multidict and a list of pairs all do."""
    headers = signed(profile) | {"Accept": "*/*"}
    for kind in (headers, CIMultiDict(headers), CIMultiDictProxy(CIMultiDict(headers)), list(headers.items())):
        assert verify(kind, BODY, SECRET, now_s=NOW_S).webhook_id == "evt_1"


@pytest.mark.parametrize("profile", SignatureProfile)
@given(position=st.integers(0, len(BODY) - 1), byte=st.integers(0, 255))
def test_any_other_body_is_refused(profile: SignatureProfile, position: int, byte: int) -> None:
    """One byte of difference is enough."""
    forged = BODY[:position] + bytes([byte]) + BODY[position + 1 :]
    if forged != BODY:
        with pytest.raises(InvalidSignatureError):
            check(signed(profile), forged)


@pytest.mark.parametrize("forged", [{"webhook-id": "evt_2"}, {"webhook-timestamp": str(NOW_S + 1)}])
def test_standard_signs_id_and_time(forged: dict[str, str]) -> None:
    """Another id or time does not fit the signature."""
    with pytest.raises(InvalidSignatureError):
        check(signed() | forged)


@pytest.mark.parametrize("profile", SignatureProfile)
def test_rotation(profile: SignatureProfile) -> None:
    """Any of several secrets does; a stranger's does not."""
    for secrets in ([SECRET, OTHER_SECRET], [OTHER_SECRET, SECRET], (text for text in (OTHER_SECRET, SECRET))):
        assert verify(signed(profile), BODY, secrets, now_s=NOW_S).profile is profile
    with pytest.raises(InvalidSignatureError):
        verify(signed(profile), BODY, [OTHER_SECRET], now_s=NOW_S)


def test_secret_without_prefix() -> None:
    """The bare base64 of a secret is taken too."""
    assert verify(signed(), BODY, SECRET.removeprefix("whsec_"), now_s=NOW_S).webhook_id == "evt_1"


@pytest.mark.parametrize(
    "secrets",
    [
        "", "whsec_", "whsec_short", [], [SECRET, ""], base64.b64encode(bytes(8)).decode(), f"{SECRET} ",
        "whpk_", PUBLIC_KEY[:-1], PUBLIC_KEY.removeprefix("whpk_") + "=", [SECRET, "whpk_" + "A" * 43 + "="],
        PAIR.text, [PUBLIC_KEY, PAIR.text],
    ],
)  # fmt: skip
def test_an_unusable_secret_is_the_receivers_fault(secrets: str | list[str]) -> None:
    """A misconfigured receiver is told so by a ValueError that no handler of forged requests catches."""
    with pytest.raises(InvalidSecretError) as refused:
        verify(signed(), BODY, secrets, now_s=NOW_S)
    assert isinstance(refused.value, ValueError)
    assert PAIR.text[5:] not in str(refused.value)
    assert not isinstance(refused.value, WebhookVerificationError)


def test_other_signatures_beside_the_right_one() -> None:
    """Entries of unknown versions and malformed ones do no harm."""
    good = signed()["webhook-signature"]
    for entries in (f"v2,abc v1a,xyz {good}", f"v1, {good} garbage", f"  {good}  ", f"v1,é {good} ,,,"):
        assert check(signed() | {"webhook-signature": entries}).profile is STANDARD


def test_only_entries_of_version_1_count() -> None:
    """The right digest under another version, without one, or glued with commas is no signature."""
    digest = signed()["webhook-signature"].removeprefix("v1,")
    for entries in (f"v1a,{digest}", f"v2,{digest}", digest, f"V1,{digest}", f"v1,{digest},", f"v1,{digest[:-1]}"):
        with pytest.raises(InvalidSignatureError):
            check(signed() | {"webhook-signature": entries})


def signed_by_pair(*signers: Ed25519Secret | HmacSecret) -> dict[str, str]:
    """Sign BODY with key pairs and secrets."""
    return signature_headers([STANDARD], signers, "evt_1", BODY, now_ms=NOW_S * 1000)


@pytest.mark.parametrize(
    "trusted",
    [
        PUBLIC_KEY,
        [PUBLIC_KEY, SECRET],
        [SECRET, PUBLIC_KEY],
        [OTHER_PUBLIC_KEY, OTHER_SECRET, PUBLIC_KEY],
        (key for key in (OTHER_PUBLIC_KEY, PUBLIC_KEY)),
    ],
)
def test_a_public_key_verifies(trusted: str | list[str]) -> None:
    """A key pair's signature is verified with its public key, alone or among others of either type."""
    assert verify(signed_by_pair(PAIR), BODY, trusted, now_s=NOW_S).profile is STANDARD


@pytest.mark.parametrize("trusted", [OTHER_PUBLIC_KEY, SECRET, [OTHER_PUBLIC_KEY, OTHER_SECRET]])
def test_a_strangers_key_pair_does_not_do(trusted: str | list[str]) -> None:
    """Nothing but the pair's own public key verifies."""
    with pytest.raises(InvalidSignatureError):
        verify(signed_by_pair(PAIR), BODY, trusted, now_s=NOW_S)


def test_each_type_verifies_while_a_receiver_changes_over() -> None:
    """Signed by a secret and two key pairs, a request is genuine to whoever knows one of the three."""
    headers = signed_by_pair(parse_hmac_secret(SECRET), PAIR, OTHER_PAIR)
    for trusted in (SECRET, PUBLIC_KEY, OTHER_PUBLIC_KEY):
        assert verify(headers, BODY, trusted, now_s=NOW_S).webhook_id == "evt_1"


def test_ed25519_entries_of_any_form() -> None:
    """Unknown versions and malformed entries beside the right one do no harm; alone they fit nothing."""
    good = signed_by_pair(PAIR)["webhook-signature"]
    encoded = good.removeprefix("v1a,")
    # The last digit of 64 bytes in base64 has four bits to spare: only 0 is canonical.
    loose = encoded[:-3] + chr(ord(encoded[-3]) + 1) + "=="
    malformed = ["v1a,", "v1a", "v1a,é", f"v1a,{encoded[:-1]}", f"v1a,{loose}", f"v1a, {encoded}", f"v1a,,{encoded}"]
    malformed += [f"v1,{encoded}", f"v2,{encoded}", f"V1A,{encoded}", encoded, f"v1a,{encoded[:-4]}", f"v1a,{encoded},"]
    for entries in malformed:
        verify(signed_by_pair(PAIR) | {"webhook-signature": f"{entries} {good}"}, BODY, PUBLIC_KEY, now_s=NOW_S)
        with pytest.raises(InvalidSignatureError):
            verify(signed_by_pair(PAIR) | {"webhook-signature": entries}, BODY, PUBLIC_KEY, now_s=NOW_S)


@given(position=st.integers(0, 87), digit=st.sampled_from("ABCXYZabcxyz0189+/="))
def test_any_other_ed25519_signature_is_refused(position: int, digit: str) -> None:
    """One character of difference is enough."""
    good = signed_by_pair(PAIR)["webhook-signature"].removeprefix("v1a,")
    forged = good[:position] + digit + good[position + 1 :]
    if forged != good:
        with pytest.raises(InvalidSignatureError):
            verify(signed_by_pair(PAIR) | {"webhook-signature": f"v1a,{forged}"}, BODY, PUBLIC_KEY, now_s=NOW_S)


@given(position=st.integers(0, len(BODY) - 1), byte=st.integers(0, 255), cut=st.booleans())
def test_any_other_body_is_refused_under_a_public_key(position: int, byte: int, *, cut: bool) -> None:
    """A byte changed or cut off is noticed."""
    forged = BODY[:position] if cut else BODY[:position] + bytes([byte]) + BODY[position + 1 :]
    if forged != BODY:
        with pytest.raises(InvalidSignatureError):
            verify(signed_by_pair(PAIR), forged, PUBLIC_KEY, now_s=NOW_S)


def test_many_ed25519_signatures_are_not_all_checked() -> None:
    """Each costs a receiver far more than its sender: more than anybody signs with are refused."""
    good = signed_by_pair(PAIR)["webhook-signature"]
    headers = signed_by_pair(OTHER_PAIR)
    other = headers["webhook-signature"]
    full = " ".join([*[other] * (MAX_V1A_SIGNATURES - 1), good, *["v1a,junk"] * 100])
    verify(headers | {"webhook-signature": full}, BODY, PUBLIC_KEY, now_s=NOW_S)
    with pytest.raises(InvalidHeaderError, match="more than 32"):
        verify(headers | {"webhook-signature": f"{other} {full}"}, BODY, PUBLIC_KEY, now_s=NOW_S)


def test_every_entry_is_compared_with_every_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which of them fits changes nothing of what is done: the time taken tells nothing."""
    compare, verifies = hmac.compare_digest, PublicKey.verifies
    done: list[str] = []

    def compared(first: bytes, second: bytes) -> bool:
        done.append("hmac")
        return compare(first, second)

    def verified(key: PublicKey, signature: bytes, content: bytes) -> bool:
        done.append("ed25519")
        return verifies(key, signature, content)

    trusted = [SECRET, OTHER_SECRET, PUBLIC_KEY, OTHER_PUBLIC_KEY]
    signers = [parse_secret(SECRET), parse_secret(OTHER_SECRET), PAIR, OTHER_PAIR]
    entries = [signed_by_pair(signer)["webhook-signature"] for signer in signers]
    monkeypatch.setattr(hmac, "compare_digest", compared)
    monkeypatch.setattr(PublicKey, "verifies", verified)
    for order in (entries, entries[::-1], entries[1:] + entries[:1]):
        done.clear()
        verify(signed() | {"webhook-signature": " ".join(order)}, BODY, trusted, now_s=NOW_S)
        assert (done.count("hmac"), done.count("ed25519")) == (4 * 2, 2 * 2)


def test_x_webhook_has_no_public_keys() -> None:
    """A receiver that wants only x-webhook and has only public keys is misconfigured; one that wants both is not."""
    with pytest.raises(InvalidSecretError):
        verify(signed(X_WEBHOOK), BODY, PUBLIC_KEY, profiles=[X_WEBHOOK], now_s=NOW_S)
    with pytest.raises(InvalidSignatureError):
        verify(signed(X_WEBHOOK), BODY, PUBLIC_KEY, now_s=NOW_S)


def test_a_present_that_is_no_number_accepts_nothing() -> None:
    """NaN is off by more than any tolerance."""
    with pytest.raises(StaleTimestampError):
        verify(signed(), BODY, SECRET, now_s=float("nan"))


@pytest.mark.parametrize("profile", SignatureProfile)
def test_each_header_is_needed(profile: SignatureProfile) -> None:
    """A missing or empty header is named."""
    for name in signed(profile):
        without = {other: value for other, value in signed(profile).items() if other != name}
        for headers in (without, without | {name: ""}):
            with pytest.raises(MissingHeaderError, match=name):
                check(headers)


def test_no_signature_headers_at_all() -> None:
    """A plain request lacks the standard headers."""
    with pytest.raises(MissingHeaderError, match="webhook-id"):
        check({"content-type": "application/json"})


@pytest.mark.parametrize("profile", SignatureProfile)
def test_a_header_that_occurs_twice_is_refused(profile: SignatureProfile) -> None:
    """Two values have no one meaning, even when they are the same."""
    headers = signed(profile)
    for name, value in headers.items():
        twice = CIMultiDict(headers)
        twice.add(name, value)
        with pytest.raises(InvalidHeaderError, match=name.lower()):
            check(twice)


@pytest.mark.parametrize(
    "timestamp",
    [
        "now", "+1700000000", "-1", " 1700000000", "1700000000 ", "1_700_000_000", "1700000000.0", "1e9", "0x10",
        "01700000000", "1700000000\n", "\u0661\u0667", "9" * 16, "9" * 10_000, "NaN", "inf", "\udcff",
    ],
)  # fmt: skip
@pytest.mark.parametrize("profile", SignatureProfile)
def test_what_is_no_timestamp(profile: SignatureProfile, timestamp: str) -> None:
    """Only a plain decimal number is a timestamp, whatever else int() would take."""
    names = {STANDARD: "webhook-timestamp", X_WEBHOOK: "X-Webhook-Timestamp"}
    with pytest.raises(InvalidTimestampError):
        check(signed(profile) | {names[profile]: timestamp})


@pytest.mark.parametrize("profile", SignatureProfile)
def test_tolerance_both_ways(profile: SignatureProfile) -> None:
    """Exactly the tolerance is fine in either direction, a little more is not."""
    headers = signed(profile)
    for now_s in (NOW_S - 300, NOW_S + 300):
        assert verify(headers, BODY, SECRET, now_s=now_s).webhook_id == "evt_1"
    with pytest.raises(StaleTimestampError):
        verify(headers, BODY, SECRET, now_s=NOW_S + 300.01)
    with pytest.raises(FutureTimestampError):
        verify(headers, BODY, SECRET, now_s=NOW_S - 300.01)
    with pytest.raises(StaleTimestampError):
        verify(headers, BODY, SECRET, 10, now_s=NOW_S + 11)


def test_the_clock_is_the_default() -> None:
    """Without `now_s` the present counts: an old request is stale."""
    with pytest.raises(StaleTimestampError):
        verify(signed(), BODY, SECRET)


@pytest.mark.parametrize("webhook_id", ["a b", "evt\n1", "é", "\udcff", "x" * 257])
@pytest.mark.parametrize("profile", SignatureProfile)
def test_what_is_no_id(profile: SignatureProfile, webhook_id: str) -> None:
    """An id that no sender can mean is refused before anything is computed."""
    names = {STANDARD: "webhook-id", X_WEBHOOK: "X-Webhook-ID"}
    with pytest.raises(InvalidHeaderError):
        check(signed(profile) | {names[profile]: webhook_id})


def test_no_way_down_to_x_webhook() -> None:
    """Where both profiles are sent, standard has to verify: a good x-webhook signature does not help it out."""
    both = signed(STANDARD, X_WEBHOOK)
    assert check(both).profile is STANDARD
    bad = sign_standard([parse_secret(OTHER_SECRET)], "evt_1", NOW_S, BODY)
    with pytest.raises(InvalidSignatureError):
        check(both | {"webhook-signature": bad})
    for name in signed(STANDARD):
        with pytest.raises(MissingHeaderError):
            check({other: value for other, value in both.items() if other != name})


def test_a_receiver_can_insist_on_a_profile() -> None:
    """With `profiles`, headers of the other profile count for nothing."""
    with pytest.raises(MissingHeaderError):
        verify(signed(X_WEBHOOK), BODY, SECRET, profiles=[STANDARD], now_s=NOW_S)
    with pytest.raises(MissingHeaderError):
        verify(signed(STANDARD), BODY, SECRET, profiles=[X_WEBHOOK], now_s=NOW_S)
    both = signed(STANDARD, X_WEBHOOK)
    assert verify(both, BODY, SECRET, profiles=[X_WEBHOOK], now_s=NOW_S).profile is X_WEBHOOK


@pytest.mark.parametrize(
    "signature", [" ", "zz", "\udcff", "a" * 10_000, sign_body_hex(parse_hmac_secret(SECRET), b"")]
)
def test_x_webhook_signature_of_any_form(signature: str) -> None:
    """A signature that is no hex digest of this body fits nothing."""
    with pytest.raises(InvalidSignatureError):
        check(signed(X_WEBHOOK) | {"X-Webhook-Signature": signature})


names = st.sampled_from(
    [
        "webhook-id",
        "Webhook-Timestamp",
        "webhook-signature",
        "x-webhook-id",
        "X-Webhook-Timestamp",
        "X-WEBHOOK-SIGNATURE",
    ]
)


@given(headers=st.lists(st.tuples(names | st.text(), st.text(st.characters())), max_size=8), body=st.binary())
def test_arbitrary_input_gives_a_typed_error(headers: list[tuple[str, str]], body: bytes) -> None:
    """Whatever is sent, the only way out is a verification error with a reason."""
    with pytest.raises(WebhookVerificationError) as refused:
        verify(headers, body, SECRET, now_s=NOW_S)
    assert refused.value.reason != WebhookVerificationError.reason


def test_a_text_body_is_a_programming_error() -> None:
    """A decoded body is no raw body."""
    with pytest.raises(TypeError):
        verify(signed(), BODY.decode(), SECRET, now_s=NOW_S)  # type: ignore[arg-type]


def test_importing_it_loads_neither_kafka_nor_a_web_framework() -> None:
    """A receiving service imports the verification alone."""
    script = (
        "import sys, gateway.receiver; "
        "print([name for name in ('confluent_kafka', 'faust', 'aiohttp', 'fastavro') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
