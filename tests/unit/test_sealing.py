"""Sealed secrets open for their own subscription with a key of the ring, and for nothing else."""

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import InvalidInputError
from gateway.domain.secret import Ed25519Secret, HmacSecret, SigningSecret
from gateway.domain.subscription import Sealed
from gateway.wire.sealing import (
    CLIENT_KEY_PART,
    SIGNING_PART,
    KeyMissingError,
    SealBrokenError,
    generate_key_line,
    header_part,
    parse_key_ring,
)

SECRET = HmacSecret(bytes(range(32)))
KEY = base64.b64encode(bytes(32)).decode()
OTHER_KEY = base64.b64encode(bytes([1] * 32)).decode()

names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)


secrets = st.builds(HmacSecret, st.binary(min_size=24, max_size=64)) | st.builds(
    Ed25519Secret, st.binary(min_size=32, max_size=32)
)


@given(secret=secrets, tenant=names, subscription_id=names)
def test_a_sealed_secret_opens_again(secret: SigningSecret, tenant: str, subscription_id: str) -> None:
    """Sealing and opening give the same secret of the same type, and the sealed one does not hold it."""
    ring = parse_key_ring(generate_key_line())
    sealed = ring.seal(secret, tenant=tenant, subscription_id=subscription_id, now_ms=5, expires_at_ms=9)

    assert ring.open(sealed, tenant=tenant, subscription_id=subscription_id) == secret
    assert secret.text.encode() not in sealed.ciphertext
    assert (sealed.created_at_ms, sealed.expires_at_ms) == (5, 9)


@pytest.mark.parametrize(
    ("tenant", "subscription_id"),
    [("acme", "other"), ("other", "sub_1"), ("acmes", "ub_1"), ("acm", "esub_1"), ("", "acmesub_1")],
)
def test_a_moved_secret_does_not_open(tenant: str, subscription_id: str) -> None:
    """Copied to another tenant or subscription it is useless, however the two names are cut."""
    ring = parse_key_ring(f"k1:{KEY}")
    sealed = ring.seal(SECRET, tenant="acme", subscription_id="sub_1", now_ms=0)

    with pytest.raises(SealBrokenError):
        ring.open(sealed, tenant=tenant, subscription_id=subscription_id)


@pytest.mark.parametrize("position", [0, 11, 12, -1])
def test_an_altered_secret_does_not_open(position: int) -> None:
    """A changed bit in nonce, ciphertext or tag is noticed."""
    ring = parse_key_ring(f"k1:{KEY}")
    sealed = ring.seal(SECRET, tenant="acme", subscription_id="sub_1", now_ms=0)
    altered = bytearray(sealed.ciphertext)
    altered[position] ^= 1

    with pytest.raises(SealBrokenError):
        ring.open(replace(sealed, ciphertext=bytes(altered)), tenant="acme", subscription_id="sub_1")


@pytest.mark.parametrize("ciphertext", [b"", b"short", bytes(12), bytes(27)])
def test_a_truncated_secret_does_not_open(ciphertext: bytes) -> None:
    """What is too short for nonce and tag is broken, not a crash."""
    ring = parse_key_ring(f"k1:{KEY}")
    sealed = ring.seal(SECRET, tenant="acme", subscription_id="sub_1", now_ms=0)

    with pytest.raises(SealBrokenError):
        ring.open(replace(sealed, ciphertext=ciphertext), tenant="acme", subscription_id="sub_1")


def test_another_key_under_the_same_id_does_not_open() -> None:
    """The key itself counts, not its name."""
    sealed = parse_key_ring(f"k1:{KEY}").seal(SECRET, tenant="acme", subscription_id="sub_1", now_ms=0)

    with pytest.raises(SealBrokenError):
        parse_key_ring(f"k1:{OTHER_KEY}").open(sealed, tenant="acme", subscription_id="sub_1")


def test_the_newest_key_seals_and_an_older_one_still_opens() -> None:
    """A key is replaced by putting a new one in front; without the old one, its secrets say which key they need."""
    old = parse_key_ring(f"old:{KEY}")
    both = parse_key_ring(f"new:{OTHER_KEY},old:{KEY}")
    sealed = old.seal(SECRET, tenant="acme", subscription_id="sub_1", now_ms=0)

    assert both.open(sealed, tenant="acme", subscription_id="sub_1") == SECRET
    assert both.seal(SECRET, tenant="acme", subscription_id="sub_1", now_ms=0).key_id == "new"
    with pytest.raises(KeyMissingError, match="'old'"):
        parse_key_ring(f"new:{OTHER_KEY}").open(sealed, tenant="acme", subscription_id="sub_1")


@given(text=st.text(st.characters(codec="utf-8")), tenant=names, subscription_id=names, part=names)
def test_a_sealed_part_opens_again(text: str, tenant: str, subscription_id: str, part: str) -> None:
    """Whatever the text is."""
    ring = parse_key_ring(generate_key_line())
    sealed = ring.seal_part(text, part, tenant=tenant, subscription_id=subscription_id)

    assert ring.open_part(sealed, part, tenant=tenant, subscription_id=subscription_id) == text


@pytest.mark.parametrize(
    ("tenant", "subscription_id", "part"),
    [
        ("other", "sub_1", header_part("Authorization")),
        ("acme", "other", header_part("Authorization")),
        ("acme", "sub_1", header_part("X-Api-Key")),
        ("acme", "sub_1", CLIENT_KEY_PART),
    ],
)
def test_a_moved_part_does_not_open(tenant: str, subscription_id: str, part: str) -> None:
    """Neither in another subscription nor in another place of its own."""
    ring = parse_key_ring(f"k1:{KEY}")
    sealed = ring.seal_part("Bearer t", header_part("authorization"), tenant="acme", subscription_id="sub_1")

    assert ring.open_part(sealed, header_part("Authorization"), tenant="acme", subscription_id="sub_1") == "Bearer t"
    with pytest.raises(SealBrokenError):
        ring.open_part(sealed, part, tenant=tenant, subscription_id=subscription_id)


def test_a_signing_secret_does_not_open_as_a_header() -> None:
    """Who can write to the topic can't have it sent to an endpoint."""
    ring = parse_key_ring(f"k1:{KEY}")
    secret = ring.seal(SECRET, tenant="acme", subscription_id="sub_1", now_ms=0)
    moved = Sealed(secret.key_id, secret.ciphertext)

    with pytest.raises(SealBrokenError):
        ring.open_part(moved, header_part("X-Secret"), tenant="acme", subscription_id="sub_1")


@given(text=st.text(st.characters(codec="utf-8"), max_size=40), tenant=names, subscription_id=names)
def test_what_is_sealed_anew_is_the_same(text: str, tenant: str, subscription_id: str) -> None:
    """Under the newest key, with another ciphertext, and as the same part; where it was so before, it is left."""
    old, both = parse_key_ring(f"old:{KEY}"), parse_key_ring(f"new:{OTHER_KEY},old:{KEY}")
    sealed = old.seal_part(text, CLIENT_KEY_PART, tenant=tenant, subscription_id=subscription_id)
    again = both.resealed(sealed, CLIENT_KEY_PART, tenant=tenant, subscription_id=subscription_id)

    assert again.key_id == "new"
    assert both.open_part(again, CLIENT_KEY_PART, tenant=tenant, subscription_id=subscription_id) == text
    assert both.resealed(again, CLIENT_KEY_PART, tenant=tenant, subscription_id=subscription_id) is again
    with pytest.raises(SealBrokenError):
        both.open_part(again, header_part("X-Key"), tenant=tenant, subscription_id=subscription_id)


def test_a_signing_secret_that_is_sealed_anew_keeps_its_times() -> None:
    """It was not rotated: it was made when it was made, and ends when it ends."""
    old, both = parse_key_ring(f"old:{KEY}"), parse_key_ring(f"new:{OTHER_KEY},old:{KEY}")
    sealed = old.seal(SECRET, tenant="acme", subscription_id="sub_1", now_ms=5, expires_at_ms=9)
    again = both.resealed(sealed, SIGNING_PART, tenant="acme", subscription_id="sub_1")

    assert (again.key_id, again.created_at_ms, again.expires_at_ms) == ("new", 5, 9)
    assert both.open(again, tenant="acme", subscription_id="sub_1") == SECRET


@pytest.mark.parametrize(("tenant", "subscription_id"), [("acme", "sub_2"), ("other", "sub_1")])
def test_what_was_moved_is_not_sealed_anew(tenant: str, subscription_id: str) -> None:
    """A rekey is no way to have a secret of another subscription accepted, also where the key is the newest."""
    ring = parse_key_ring(f"k1:{KEY}")
    sealed = ring.seal(SECRET, tenant="acme", subscription_id="sub_1", now_ms=0)

    for each in (ring, parse_key_ring(f"new:{OTHER_KEY},k1:{KEY}")):
        with pytest.raises(SealBrokenError):
            each.resealed(sealed, SIGNING_PART, tenant=tenant, subscription_id=subscription_id)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n,\n",
        KEY,
        f":{KEY}",
        f"with space:{KEY}",
        f"k1:{KEY[:-1]}",
        f"k1:{KEY} x",
        f"k1:{base64.b64encode(bytes(31)).decode()}",
        f"k1:{base64.b64encode(bytes(33)).decode()}",
        f"k1:{KEY[:-2]}B=",
        f"k1:{KEY},k1:{OTHER_KEY}",
        f"k1:{KEY}:{KEY}",
    ],
)
def test_what_is_no_key_ring_is_refused_without_repeating_it(text: str) -> None:
    """A malformed, short or repeated key is refused; the message holds no key material."""
    with pytest.raises(InvalidInputError) as refused:
        parse_key_ring(text)
    assert KEY[:8] not in f"{refused.value.message} {refused.value.hint}"


def test_a_key_file_may_have_blank_lines_and_line_ends_of_any_kind() -> None:
    """Lines and commas both separate; blanks around them do not count."""
    ring = parse_key_ring(f"\r\n a:{KEY} \r\n\n b:{OTHER_KEY},c:{KEY}\n")

    assert repr(ring) == "KeyRing(key_ids=('a', 'b', 'c'))"


def test_a_key_for_something_else_is_another_one_for_each_purpose() -> None:
    """It comes from its key alone, in their order, and shows nothing of it: every process makes the same."""
    ring = parse_key_ring(f"k2:{OTHER_KEY},k1:{KEY}")
    one, other = ring.derived("one"), ring.derived("other")
    assert one == parse_key_ring(f"k2:{OTHER_KEY},k1:{KEY}").derived("one")
    assert list(one) == list(other) == ["k2", "k1"]
    assert len({*one.values(), *other.values(), bytes(32), bytes([1] * 32)}) == 6
    assert {len(key) for key in one.values()} == {32}
