"""Credentials: their text is read as it was written, and nothing else opens them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.access import Role
from gateway.domain.credentials import (
    Credential,
    CredentialIndex,
    CredentialKind,
    ShownCredential,
    read_credential,
    sha256_of,
)

SECRET = bytes(range(32))

shown = st.builds(
    ShownCredential,
    st.sampled_from([CredentialKind.TOKEN, CredentialKind.SESSION]),
    st.binary(min_size=8, max_size=8).map(bytes.hex),
    st.binary(min_size=32, max_size=32),
)


def credential(kind: CredentialKind = CredentialKind.TOKEN, *, expires_at_ms: int = 2**60) -> Credential:
    """Give a credential that `SECRET` opens."""
    return Credential("0a" * 8, kind, "ci", sha256_of(SECRET), Role.VIEWER, None, 1, "me", expires_at_ms)


@given(shown)
def test_a_credential_is_read_as_it_was_written(one: ShownCredential) -> None:
    """Its text names its kind and its id; of the secret nothing is in what a log would show."""
    assert read_credential(one.text) == one
    assert one.text.rpartition("_")[2] not in repr(one)


@given(shown, st.data())
def test_a_text_with_another_character_is_no_credential_or_another_one(
    one: ShownCredential, data: st.DataObject
) -> None:
    """There are no two ways to write the same one."""
    at = data.draw(st.integers(0, len(one.text) - 1))
    char = data.draw(st.characters(codec="ascii").filter(lambda char: char != one.text[at]))
    assert read_credential(one.text[:at] + char + one.text[at + 1 :]) != one


@pytest.mark.parametrize("text", ["", "gwt", "gwt__", "Bearer", "gwx_" + "0a" * 8 + "_" + "A" * 43, "gwt_" + "A" * 60])
def test_what_is_none_is_none(text: str) -> None:
    """Whatever somebody sends."""
    assert read_credential(text) is None
    real = ShownCredential(CredentialKind.TOKEN, "0a" * 8, SECRET).text
    assert read_credential(real + "\n") is None


def test_only_its_secret_opens_a_credential() -> None:
    """And only until it ends."""
    one = credential(expires_at_ms=10)
    assert one.is_opened_by(SECRET)
    assert not one.is_opened_by(bytes(32))
    assert [one.has_expired(now_ms) for now_ms in (9, 10, 11)] == [False, True, True]


def test_a_token_acts_under_its_name_and_a_session_for_whom_it_is() -> None:
    """As the audit trail shows it."""
    assert [credential(kind).actor for kind in CredentialKind] == ["token:ci", "ci", "ci"]


@pytest.mark.parametrize(("role", "digest"), [(Role.ANONYMOUS, bytes(32)), (Role.ADMIN, b""), (Role.ADMIN, bytes(31))])
def test_no_credential_is_without_role_or_hash(role: Role, digest: bytes) -> None:
    """A record like that would be read as one that lets anybody in."""
    with pytest.raises(ValueError, match="a role and a hash"):
        Credential("0a" * 8, CredentialKind.TOKEN, "ci", digest, role, None, 1, "me", 2)


NOW_MS = 1_000
TOKEN = credential(expires_at_ms=NOW_MS + 1)
SESSION = replace(credential(CredentialKind.SESSION, expires_at_ms=NOW_MS + 1), credential_id="0b" * 8)


def index_of(*credentials: Credential) -> CredentialIndex:
    """Give an index of some credentials."""
    index = CredentialIndex()
    for one in credentials:
        index.put(one)
    return index


@pytest.mark.parametrize(
    ("there", "shown", "is_found"),
    [
        ([TOKEN], TOKEN, True),
        ([], TOKEN, False),
        ([SESSION], TOKEN, False),
        ([replace(TOKEN, kind=CredentialKind.SESSION)], TOKEN, False),
        ([replace(TOKEN, secret_sha256=bytes(32))], TOKEN, False),
        ([replace(TOKEN, expires_at_ms=NOW_MS)], TOKEN, False),
        ([SESSION], SESSION, True),
        ([replace(SESSION, made_with="0a" * 8), TOKEN], SESSION, True),
        ([replace(SESSION, made_with="0a" * 8)], SESSION, False),
        ([replace(SESSION, made_with="0a" * 8), replace(TOKEN, expires_at_ms=NOW_MS)], SESSION, False),
        ([replace(SESSION, made_with="0a" * 8, expires_at_ms=NOW_MS), TOKEN], SESSION, False),
    ],
    ids=[
        "a token", "none", "another one", "another kind", "another secret", "expired", "a session",
        "with its token", "its token was revoked", "its token has expired", "expired before its token",
    ],
)  # fmt: skip
def test_what_somebody_shows_has_to_be_there_and_good(
    there: list[Credential], shown: Credential, *, is_found: bool
) -> None:
    """A session ends with the token it was begun with."""
    found = index_of(*there).find(ShownCredential(shown.kind, shown.credential_id, SECRET), NOW_MS)
    assert (found is not None) == is_found


def test_there_is_an_end_to_what_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond it, what is new is not let in; what is there may change, and go."""
    monkeypatch.setattr("gateway.domain.credentials.MAX_CREDENTIALS", 1)
    index = index_of(TOKEN, SESSION)
    index.put(replace(TOKEN, name="other"))
    assert [one.name for one in index] == ["other"]
    index.remove(TOKEN.credential_id)
    index.remove(TOKEN.credential_id)
    index.put(replace(SESSION, made_with="x"))
    assert (len(index), index.made_with("x"), index.made_with("y")) == (1, [replace(SESSION, made_with="x")], [])
