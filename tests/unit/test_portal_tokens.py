"""The portal's tokens say what was signed, for as long as was said, and nothing else can be made of them."""

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.credentials import ShownCredential, read_credential
from gateway.domain.portal import (
    LONGEST_MS,
    MAX_TOKEN_CHARS,
    PortalGrant,
    PortalToken,
    is_revoked,
    read_grant,
    revoked_links,
    sign_grant,
)

KEY, OTHER = bytes(32), bytes([1] * 32)
GRANT = PortalGrant("5f1c09ab37de2460", "acme", "sub_shop", 1_000, 5_000)
names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=64)
kinds = st.sampled_from(PortalToken)


@given(kind=kinds, tenant=names, subscription_id=st.none() | names)
def test_a_token_says_what_was_signed(kind: PortalToken, tenant: str, subscription_id: str | None) -> None:
    """With any key of the ring, and until it expires."""
    grant = replace(GRANT, tenant=tenant, subscription_id=subscription_id)
    text = sign_grant(grant, kind, KEY)
    assert read_grant(text, kind, [OTHER, KEY], 4_999) == grant
    assert read_grant(text, kind, [KEY], 5_000) is None
    assert read_grant(text, kind, [OTHER], 0) is None
    assert read_grant(text, kind, [], 0) is None


@given(kind=kinds, position=st.integers(0, 300), char=st.characters(codec="ascii"))
def test_a_token_that_was_altered_is_none(kind: PortalToken, position: int, char: str) -> None:
    """Whichever character it is."""
    text = sign_grant(GRANT, kind, KEY)
    position %= len(text)
    altered = text[:position] + char + text[position + 1 :]
    assert altered == text or read_grant(altered, kind, [KEY], 0) is None


def test_a_link_is_no_session_and_a_session_no_link() -> None:
    """Not even if somebody writes the other's beginning before it, and both have the same key."""
    link, session = (sign_grant(GRANT, kind, KEY) for kind in (PortalToken.LINK, PortalToken.SESSION))
    assert read_grant(link, PortalToken.SESSION, [KEY], 0) is None
    assert read_grant(session, PortalToken.LINK, [KEY], 0) is None
    assert read_grant("gwp" + link[3:], PortalToken.SESSION, [KEY], 0) is None
    assert PortalToken.LINK.purpose != PortalToken.SESSION.purpose


@given(text=st.text() | st.from_regex(r"gwl_[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}", fullmatch=True))
def test_what_nobody_signed_is_no_token(text: str) -> None:
    """Whatever somebody shows, it is refused and never a fault."""
    assert read_grant(text, PortalToken.LINK, [KEY], 0) is None


def test_a_token_that_is_too_long_is_none() -> None:
    """Even if it is signed."""
    long = sign_grant(replace(GRANT, subscription_id="x" * MAX_TOKEN_CHARS), PortalToken.LINK, KEY)
    assert read_grant(long, PortalToken.LINK, [KEY], 0) is None


def test_what_a_token_shows_is_nothing_secret() -> None:
    """Ids, a tenant's own name and times."""
    payload = sign_grant(GRANT, PortalToken.LINK, KEY)[4:].partition(".")[0]
    shown = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    assert shown == b'[1,"5f1c09ab37de2460","acme","sub_shop",1000,5000]'


@pytest.mark.parametrize(
    ("tenant", "link_id", "at_ms", "ends"),
    [
        ("acme", None, 1_000, True),
        ("acme", None, 999, False),  # it was made afterwards
        ("acme", "5f1c09ab37de2460", 2_000, True),
        ("acme", "0000000000000000", 2_000, False),
        ("other", None, 2_000, False),
        ("other", "5f1c09ab37de2460", 2_000, False),
    ],
)
def test_links_are_ended_by_a_record(tenant: str, link_id: str | None, at_ms: int, *, ends: bool) -> None:
    """All links that a tenant had then, or one of them; never another tenant's, and as long as one can be good."""
    record = revoked_links(tenant, link_id, by="ops", now_ms=at_ms)
    records = {record.credential_id: record}
    assert is_revoked(GRANT, records.get) is ends
    assert record.expires_at_ms == at_ms + LONGEST_MS
    assert read_credential(ShownCredential(record.kind, record.credential_id, bytes(32)).text) is None


def test_one_link_and_all_of_them_are_ended_by_two_records() -> None:
    """Neither takes the other's place in the topic."""
    all_links, one = (revoked_links("acme", link_id, by="ops", now_ms=0) for link_id in (None, GRANT.link_id))
    assert all_links.credential_id != one.credential_id
    assert all_links.credential_id == revoked_links("acme", None, by="me", now_ms=5).credential_id
