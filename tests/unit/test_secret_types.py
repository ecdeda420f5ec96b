"""Secrets of two types over a subscription's life: each is rotated by itself, and a receiver can change over."""

from collections.abc import Callable

import pytest

from gateway.admin.apply import ManifestApplier
from gateway.admin.definition import Definition
from gateway.admin.signing_secrets import HeldSecret, held_secrets, is_current_secret
from gateway.admin.subscriptions import SubscriptionAdmin
from gateway.admin.views import public_view
from gateway.admin.wanted import Wanted
from gateway.domain.errors import ConflictError, InvalidInputError
from gateway.domain.secret import Ed25519Secret, HmacSecret, SecretType, SigningSecret
from gateway.domain.subscription import SignatureProfile, Subscription
from gateway.wire.sealing import generate_key_line, parse_key_ring
from tests.subscriptions import NOW_MS, RULES, MemoryStore

HOUR_MS = 3_600_000
LOST_RING, KEY_RING = parse_key_ring(generate_key_line()), parse_key_ring(generate_key_line())
ORDERS = Definition(url="https://example.com/hooks", event_types=("order.*",))
BOTH_PROFILES = Definition(signature_profiles=("standard", "x-webhook"))
HMAC, ED25519 = SecretType.HMAC, SecretType.ED25519


class Desk:
    """An admin over a table in memory with one subscription, `s1`, and a clock that is set by hand."""

    def __init__(self, secret_type: SecretType | None = None) -> None:
        self.now_ms = NOW_MS
        self.store = MemoryStore()
        self.ring = KEY_RING
        self.admin = SubscriptionAdmin(self.store, rules=RULES, key_ring=lambda: self.ring, clock=lambda: self.now_ms)
        self.first = self.admin.create(ORDERS, subscription_id="s1", secret_type=secret_type).secret

    @property
    def stored(self) -> Subscription:
        """The subscription as it is."""
        found = self.store.index.get("s1")
        assert found is not None
        return found

    @property
    def held(self) -> list[tuple[SigningSecret | None, int | None]]:
        """Its secrets, newest first, and when they end."""
        return [(one.secret, one.sealed.expires_at_ms) for one in held_secrets(KEY_RING, self.stored)]


@pytest.mark.parametrize(("secret_type", "kind"), [(None, HmacSecret), (HMAC, HmacSecret), (ED25519, Ed25519Secret)])
def test_a_secret_of_either_type_is_made(secret_type: SecretType | None, kind: type[SigningSecret]) -> None:
    """HMAC where nothing is said; what is made is what is stored."""
    desk = Desk(secret_type)
    assert isinstance(desk.first, kind)
    assert desk.held == [(desk.first, None)]


def test_each_type_is_rotated_by_itself() -> None:
    """A first key pair is added beside a secret; from then on a rotation says which it means, and leaves the other."""
    desk = Desk()
    pair = desk.admin.rotate_secret("s1", secret_type=ED25519).secret
    assert desk.held == [(pair, None), (desk.first, None)]

    with pytest.raises(InvalidInputError, match="both types"):
        desk.admin.rotate_secret("s1")
    second_pair = desk.admin.rotate_secret("s1", secret_type=ED25519, overlap_ms=HOUR_MS).secret
    assert desk.held == [(second_pair, None), (pair, NOW_MS + HOUR_MS), (desk.first, None)]

    secret = desk.admin.rotate_secret("s1", secret_text=HmacSecret(bytes(24)).text).secret
    day_ms = NOW_MS + 24 * HOUR_MS
    assert desk.held == [(secret, None), (second_pair, None), (pair, NOW_MS + HOUR_MS), (desk.first, day_ms)]


@pytest.mark.parametrize("secret_type", SecretType)
def test_the_type_there_is_is_rotated(secret_type: SecretType) -> None:
    """With one type, nobody has to say which."""
    desk = Desk(secret_type)
    new = desk.admin.rotate_secret("s1", overlap_ms=0).secret
    assert new.type is secret_type
    assert desk.held == [(new, None)]


def test_an_imported_secret_has_the_type_that_was_said() -> None:
    """A mistake is noticed before anything is written."""
    desk = Desk()
    with pytest.raises(InvalidInputError, match="has the type hmac"):
        desk.admin.rotate_secret("s1", secret_text=HmacSecret(bytes(32)).text, secret_type=ED25519)
    imported = Ed25519Secret(bytes(range(32)))
    assert desk.admin.rotate_secret("s1", secret_text=imported.text, secret_type=ED25519).secret == imported
    assert desk.held == [(imported, None), (desk.first, None)]


def test_a_type_is_retired_when_the_other_signs() -> None:
    """The old type ends after the overlap; what does not exist, or would leave nothing, is not retired."""
    desk = Desk()
    for secret_type, says in ((HMAC, "nothing would sign"), (ED25519, "no ed25519 secret")):
        with pytest.raises(ConflictError, match=says):
            desk.admin.retire_secret("s1", secret_type)
    pair = desk.admin.rotate_secret("s1", secret_type=ED25519).secret

    desk.admin.retire_secret("s1", HMAC, overlap_ms=HOUR_MS)
    assert desk.held == [(pair, None), (desk.first, NOW_MS + HOUR_MS)]
    with pytest.raises(ConflictError, match="no hmac secret"):
        desk.admin.retire_secret("s1", HMAC)
    with pytest.raises(ConflictError, match="nothing would sign"):
        desk.admin.retire_secret("s1", ED25519)


@pytest.mark.parametrize(
    "change",
    [
        lambda desk: desk.admin.create(
            Definition(ORDERS.url, ORDERS.event_types, signature_profiles=("x-webhook",)), secret_type=ED25519
        ),
        lambda desk: desk.admin.update("s1", BOTH_PROFILES),
    ],
)
def test_x_webhook_is_not_signed_with_key_pairs(change: Callable[[Desk], object]) -> None:
    """What could not be signed is not written."""
    desk = Desk(ED25519)
    before = list(desk.store.index)
    with pytest.raises(InvalidInputError, match="needs an hmac secret"):
        change(desk)
    assert list(desk.store.index) == before


def test_a_profile_keeps_its_secret() -> None:
    """While x-webhook is sent, the HMAC secrets are not retired."""
    desk = Desk()
    desk.admin.update("s1", BOTH_PROFILES)
    desk.admin.rotate_secret("s1", secret_type=ED25519)
    with pytest.raises(InvalidInputError, match="needs an hmac secret"):
        desk.admin.retire_secret("s1", HMAC)


def test_a_rotation_gets_rid_of_what_does_not_open() -> None:
    """With its key lost a secret signs nothing: it ends with the old ones, whatever its type was."""
    desk = Desk(ED25519)
    desk.ring = LOST_RING
    desk.admin.rotate_secret("s1")
    desk.ring = KEY_RING
    new = desk.admin.rotate_secret("s1", secret_type=ED25519, overlap_ms=0).secret
    assert desk.held == [(new, None)]


def test_the_view_has_types_and_public_keys_and_no_secret() -> None:
    """What a receiver of the standard profile may know; of what does not open, nothing."""
    desk = Desk()
    pair = desk.admin.rotate_secret("s1", secret_type=ED25519).secret
    assert isinstance(pair, Ed25519Secret)

    shown = public_view(desk.stored, held_secrets(KEY_RING, desk.stored))
    assert [(one["type"], one["public_key"]) for one in shown["secrets"]] == [
        ("ed25519", pair.public_key.text),
        ("hmac", None),
    ]
    for text in (desk.first.text, pair.text):
        assert text[10:] not in repr(shown)
    unknown = public_view(desk.stored, [HeldSecret(sealed, None) for sealed in desk.stored.secrets])
    assert [(one["type"], one["public_key"]) for one in unknown["secrets"]] == [(None, None)] * 2


def wanted(secret: SigningSecret | None, *profiles: SignatureProfile, subscription_id: str = "s1") -> Wanted:
    attributes = {"url": "https://example.com/", "event_types": ("*",), "signature_profiles": profiles}
    return Wanted(subscription_id, "default", attributes, None, secret)


def test_a_manifests_secret_is_compared_with_those_of_both_types() -> None:
    """One that is there already is no change; another rotates its own type."""
    desk = Desk()
    pair = Ed25519Secret(b"p" * 32)
    applier = ManifestApplier(
        desk.store, [wanted(pair)], prune=False, rules=RULES, key_ring=lambda: KEY_RING, clock=lambda: desk.now_ms
    )
    applier.carry_out(applier.plan(desk.store.index))
    assert desk.held == [(pair, None), (desk.first, None)]
    for secret in (pair, desk.first):
        assert is_current_secret(KEY_RING, desk.stored, secret)
    assert not is_current_secret(KEY_RING, desk.stored, HmacSecret(bytes(32)))


@pytest.mark.parametrize(
    "one",
    [
        wanted(Ed25519Secret(bytes(32)), SignatureProfile.X_WEBHOOK, subscription_id="new"),
        wanted(None, SignatureProfile.X_WEBHOOK),
        wanted(Ed25519Secret(bytes(32)), SignatureProfile.X_WEBHOOK),
    ],
)
def test_a_manifest_that_could_not_be_signed_is_refused_in_its_plan(one: Wanted) -> None:
    """A dry run says so, too."""
    desk = Desk(ED25519)
    applier = ManifestApplier(
        desk.store, [one], prune=False, rules=RULES, key_ring=lambda: KEY_RING, clock=lambda: NOW_MS
    )
    with pytest.raises(InvalidInputError, match="needs an hmac secret"):
        applier.plan(desk.store.index)
