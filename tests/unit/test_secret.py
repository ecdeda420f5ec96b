"""Which texts are signing secrets and public keys, and that nothing repeats a secret."""

import base64
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import InvalidInputError
from gateway.domain.secret import (
    Ed25519Secret,
    HmacSecret,
    PublicKey,
    SecretType,
    SigningSecret,
    parse_hmac_secret,
    parse_public_key,
    parse_secret,
)

# The key pair that Svix's server is tested with.
KEY_PAIR = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
PUBLIC_KEY = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="
PREFIXES = ("whsec_", "whsk_", "whpk_")
# y of the points whose order is 1, 2, 4 or 8, little-endian: anybody can sign under such a key.
SMALL_ORDER = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
]

seeds = st.binary(min_size=32, max_size=32)


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def refuse(parse: Callable[[str], object], text: str) -> None:
    """Expect a refusal whose message and hint hold nothing of the text."""
    with pytest.raises(InvalidInputError) as refused:
        parse(text)
    secret = next((text.removeprefix(prefix) for prefix in PREFIXES if text.startswith(prefix)), text)
    assert not secret or secret not in f"{refused.value.message} {refused.value.hint}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "whsec_",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        " whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_" + encoded(bytes(23)),
        "whsec_" + encoded(bytes(65)),
        "whsec_" + encoded(bytes(25)).rstrip("="),
        "whsec_" + encoded(bytes(25))[:-3] + "B==",
        "whsec_" + encoded(bytes(24)) + "====",
        "whsec_" + encoded(b"\xff" * 24).replace("/", "_"),
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS\n",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2La LaSw",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSé",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS\udcff",
        PUBLIC_KEY,
        "whsk_",
        KEY_PAIR[:-1],
        KEY_PAIR + "=",
        KEY_PAIR + "\n",
        KEY_PAIR[:-3] + "h==",
        KEY_PAIR.replace("whsk_", "whsk_A"),
        "whsk_" + encoded(bytes(32)),
        "whsk_" + encoded(bytes(63)),
        "whsk_" + encoded(bytes(65)),
        "whsk_" + encoded(bytes(64)),
    ],
)
def test_what_is_no_secret_is_refused_without_repeating_it(text: str) -> None:
    """Only canonical base64 of 24 to 64 bytes, or of a seed and its own public key, is a secret."""
    refuse(parse_secret, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "whpk_",
        KEY_PAIR,
        PUBLIC_KEY.removeprefix("whpk_"),
        PUBLIC_KEY[:-1],
        PUBLIC_KEY[:-2] + "5=",
        PUBLIC_KEY + " ",
        "whpk_" + encoded(bytes([7] * 31)),
        "whpk_" + encoded(bytes([7] * 33)),
        "whpk_" + encoded(b"\xed" + b"\xff" * 30 + b"\x7f"),
        *("whpk_" + encoded(bytes.fromhex(point)) for point in SMALL_ORDER),
        *(
            "whpk_" + encoded(bytes.fromhex(point)[:-1] + bytes([0x80 | bytes.fromhex(point)[-1]]))
            for point in SMALL_ORDER
        ),
    ],
)
def test_what_is_no_public_key_is_refused(text: str) -> None:
    """Only canonical base64 of the 32 bytes of a usable key is one."""
    refuse(parse_public_key, text)


@given(key=st.binary(min_size=24, max_size=64))
def test_an_hmac_secrets_text_round_trip(key: bytes) -> None:
    """A secret's text reads back as the same secret, and it never shows in its repr."""
    secret = HmacSecret(key)
    assert parse_secret(secret.text) == parse_hmac_secret(secret.text) == secret
    assert (repr(secret), secret.type) == ("HmacSecret()", SecretType.HMAC)


@given(seed=seeds)
def test_a_key_pairs_text_round_trip(seed: bytes) -> None:
    """So does a key pair's, and its public key's; repr holds the public key alone."""
    secret = Ed25519Secret(seed)
    assert parse_secret(secret.text) == secret
    assert parse_public_key(secret.public_key.text) == secret.public_key
    assert (repr(secret), secret.type) == (f"Ed25519Secret(public_key={secret.public_key!r})", SecretType.ED25519)


@given(seed=seeds, other=seeds)
def test_the_halves_of_a_key_pair_belong_together(seed: bytes, other: bytes) -> None:
    """A seed beside another pair's public key would sign what no receiver accepts."""
    mixed = "whsk_" + encoded(seed + Ed25519Secret(other).public_key.key)
    if seed != other:
        refuse(parse_secret, mixed)


@pytest.mark.parametrize("secret", [HmacSecret(bytes(32)), parse_secret(KEY_PAIR)])
def test_a_secret_is_not_equal_to_another(secret: SigningSecret) -> None:
    """Equality is that of what signs."""
    assert secret != HmacSecret(bytes(31))
    assert secret != Ed25519Secret(bytes(32))


def test_a_known_key_pair_has_its_known_public_key() -> None:
    """The published pair reads, and gives the published public key."""
    secret = parse_secret(KEY_PAIR)
    assert isinstance(secret, Ed25519Secret)
    assert (secret.text, secret.public_key.text) == (KEY_PAIR, PUBLIC_KEY)
    assert isinstance(parse_public_key(PUBLIC_KEY), PublicKey)
