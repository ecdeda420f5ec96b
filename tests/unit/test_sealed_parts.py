"""Headers and client certificates over a subscription's life: sealed when written, never shown, kept when not named."""

import json
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest

from gateway.admin.apply import ManifestApplier
from gateway.admin.definition import Definition
from gateway.admin.field_errors import FieldError
from gateway.admin.manifest import read_manifest, write_manifest
from gateway.admin.plan import Action, Difference
from gateway.admin.subscriptions import SubscriptionAdmin
from gateway.admin.views import public_view
from gateway.admin.wanted import Wanted, check_entries
from gateway.domain.custom_headers import MAX_HEADERS, MAX_HEADERS_CHARS, GivenHeader
from gateway.domain.errors import InvalidInputError
from gateway.domain.subscription import Subscription
from gateway.egress.opening import open_sealed
from gateway.http.tls import TlsTerms
from gateway.telemetry.clock import now_ms
from gateway.wire.sealing import KeyRing, generate_key_line, parse_key_ring
from tests.certificates import Authority
from tests.subscriptions import RULES, MemoryStore

RING = parse_key_ring(generate_key_line())
TOKEN = "Bearer canary-5c1d"
KEY = GivenHeader("X-Api-Key", "canary-key-9e2f")


def orders(**more: object) -> Definition:
    return Definition(url="https://example.com/hooks", event_types=("order.*",), **more)  # type: ignore[arg-type]


def no_ring() -> KeyRing:
    raise AssertionError("the key ring was asked for")


class Bench:
    """An admin over a table in memory."""

    def __init__(self) -> None:
        self.ring = RING
        self.store = MemoryStore()
        self.admin = SubscriptionAdmin(self.store, rules=RULES, key_ring=self.key_ring, clock=now_ms)

    def key_ring(self) -> KeyRing:
        """The keys of the moment."""
        return self.ring

    def create(self, **more: object) -> Subscription:
        """Write subscription s1."""
        return self.admin.create(orders(**more), subscription_id="s1").subscription

    def update(self, **changes: object) -> Subscription:
        """Change s1."""
        return self.admin.update("s1", Definition(**changes))  # type: ignore[arg-type]

    def headers(self) -> dict[str, str]:
        """What would be sent."""
        return open_sealed(self.stored(), RING).headers

    def tls(self) -> TlsTerms | None:
        """What would be shown and trusted."""
        return open_sealed(self.stored(), RING).tls

    def stored(self) -> Subscription:
        """What the table has."""
        found = self.store.index.get("s1")
        assert found is not None
        return found

    def applier(self, text: str) -> ManifestApplier:
        """Apply a manifest with one entry, s1."""
        return ManifestApplier(self.store, wanted(text), prune=False, rules=RULES, key_ring=self.key_ring, clock=now_ms)

    def apply(self, text: str) -> list[Difference] | Action:
        """Carry a manifest out; tell what was different, or what else was done."""
        applier = self.applier(text)
        (item,) = plan = applier.plan(self.store.index)
        applier.carry_out(plan)
        return list(item.differences) or item.action


def wanted(text: str) -> tuple[Wanted, ...]:
    entry = f"subscriptions:\n- id: s1\n  url: https://example.com/hooks\n  event_types: ['order.*']\n{text}"
    return check_entries(read_manifest(BytesIO(entry.encode()), "subs.yaml"), RULES, "subs.yaml")


def block(field: str, pem: str) -> str:
    """Write a PEM text as a field of a manifest."""
    return f"  {field}: |\n" + "".join(f"    {line}\n" for line in pem.splitlines())


@pytest.fixture
def bench() -> Bench:
    """Give an empty table."""
    return Bench()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Give a made-up authority."""
    return Authority(tmp_path)


def test_headers_are_sealed_and_sent_in_their_order(bench: Bench) -> None:
    """The record holds no value, what egress opens does."""
    created = bench.create(headers=(GivenHeader("Authorization", TOKEN), KEY))
    assert bench.headers() == {"Authorization": TOKEN, "X-Api-Key": KEY.value}
    assert list(bench.headers()) == ["Authorization", "X-Api-Key"]
    assert "canary" not in repr(created)


def test_a_header_is_changed_alone(bench: Bench) -> None:
    """The others stay as they are sealed; the same again is no change at all."""
    created = bench.create(headers=(GivenHeader("Authorization", "old"), KEY))
    updated = bench.update(headers=(GivenHeader("authorization", TOKEN),))
    assert bench.headers() == {"authorization": TOKEN, "X-Api-Key": KEY.value}
    assert updated.headers[1] == created.headers[1]

    assert bench.update(headers=(GivenHeader("authorization", TOKEN), KEY)) == updated
    assert bench.update(removed_headers=("x-api-key",)).headers == updated.headers[:1]
    assert bench.update(timeout_s=3).headers == updated.headers[:1]


def test_the_bounds_hold_for_what_comes_together(bench: Bench) -> None:
    """Headers can't be smuggled past them one by one."""
    bench.create(headers=tuple(GivenHeader(f"X-{number}", "v") for number in range(MAX_HEADERS)))
    with pytest.raises(InvalidInputError, match="more than 20"):
        bench.update(headers=(KEY,))
    bench.update(removed_headers=tuple(f"X-{number}" for number in range(2, MAX_HEADERS)))
    bench.update(headers=(GivenHeader("X-0", "v" * 4096),))
    with pytest.raises(InvalidInputError, match=f"more than {MAX_HEADERS_CHARS}"):
        bench.update(headers=(GivenHeader("X-1", "v" * 4096),))


def test_what_no_key_opens_any_more_can_be_given_anew(bench: Bench) -> None:
    """Losing a key ring is no reason to make a subscription anew."""
    bench.ring = parse_key_ring(generate_key_line())
    bench.create(headers=(KEY, GivenHeader("X-Other", "o")))
    bench.ring = RING
    bench.admin.rotate_secret("s1", overlap_ms=0)
    bench.update(headers=(KEY, GivenHeader("X-Other", "o")))
    assert bench.headers() == {"X-Api-Key": KEY.value, "X-Other": "o"}


def test_a_client_certificate_is_stored_with_its_key_sealed(bench: Bench, authority: Authority) -> None:
    """And with the authorities that are trusted; each goes when it is said."""
    own = authority.client()
    created = bench.create(ca_bundle=authority.pem, client_certificate=own.certificate, client_key=own.key)
    assert bench.tls() == TlsTerms(authority.pem, own.certificate, own.key)
    assert "PRIVATE" not in repr(created)

    bench.update(ca_bundle="")
    assert bench.tls() == TlsTerms(None, own.certificate, own.key)
    bench.update(client_certificate="")
    assert bench.tls() is None


def test_a_certificate_is_renewed_with_the_same_key_or_another(bench: Bench, authority: Authority) -> None:
    """A key that is not given is the one that is there, and has to fit."""
    own, other = authority.client("own"), authority.client("other")
    first = bench.create(client_certificate=own.certificate, client_key=own.key)
    assert bench.update(client_certificate=own.certificate) == first
    assert bench.update(client_certificate=own.certificate, client_key=own.key) == first
    longer = own.certificate + authority.pem
    bench.update(client_certificate=longer)
    assert bench.tls() == TlsTerms(None, longer, own.key)
    with pytest.raises(InvalidInputError, match="does not belong"):
        bench.update(client_certificate=other.certificate)
    bench.update(client_certificate=other.certificate, client_key=other.key)
    assert bench.tls() == TlsTerms(None, other.certificate, other.key)


def test_certificates_that_can_not_be_used_are_refused(bench: Bench, authority: Authority) -> None:
    """Nothing is written."""
    own, old = authority.client(), authority.client(end=timedelta(days=-1))
    for says, given in {
        "needs its private key": {"client_certificate": own.certificate},
        "needs its certificate": {"client_key": own.key},
        "does not belong": {"client_certificate": old.certificate, "client_key": own.key},
        "client certificate expired on": {"client_certificate": old.certificate, "client_key": old.key},
        "CA bundle expired on": {"ca_bundle": old.certificate},
        "no list of certificates": {"ca_bundle": "garbage"},
    }.items():
        with pytest.raises(InvalidInputError, match=says):
            bench.create(**given)
    assert len(bench.store.index) == 0


def test_a_bad_header_names_its_field() -> None:
    """As every other field of a definition."""
    for changes in ({"headers": (GivenHeader("Host", "x"),)}, {"removed_headers": ("X-Not-There",)}):
        with pytest.raises(FieldError) as refused:
            RULES.check(Definition(**changes))
        assert refused.value.field == "headers"


def test_nothing_sealed_is_shown(bench: Bench, authority: Authority) -> None:
    """Neither to people nor to programs; names, subjects and ends are."""
    own = authority.client("acme")
    created = bench.create(headers=(KEY,), client_certificate=own.certificate, client_key=own.key)
    view = public_view(created)
    assert view["headers"] == ["X-Api-Key"]
    assert view["client_certificate"][0]["subject"] == "CN=acme"
    for text in (json.dumps(view), write_manifest([created]), repr(created)):
        assert "canary" not in text
        assert "PRIVATE KEY" not in text
        assert own.key.splitlines()[1] not in text


def test_a_record_that_no_command_wrote_is_shown(bench: Bench) -> None:
    """What is broken in the topic does not keep the rest from being seen."""
    view = public_view(replace(bench.create(), ca_bundle="garbage"))
    assert view["ca_bundle"] == [{"subject": "not readable", "expires_at_ms": None, "sha256": None}]


def test_an_export_applied_again_changes_nothing(bench: Bench, authority: Authority) -> None:
    """It says what there is without saying what is sealed, and needs no key ring for that."""
    own = authority.client()
    created = bench.create(
        headers=(KEY,), ca_bundle=authority.pem * 20, client_certificate=own.certificate, client_key=own.key
    )
    exported = write_manifest([created])
    entries = check_entries(read_manifest(BytesIO(exported.encode()), "it"), RULES, "it")
    applier = ManifestApplier(bench.store, entries, prune=True, rules=RULES, key_ring=no_ring, clock=now_ms)
    assert [item.action for item in applier.plan(bench.store.index)] == [Action.KEEP]


def test_a_manifest_says_all_headers_there_are(bench: Bench) -> None:
    """One without a value stays, one that is left out goes, and the plan shows no value."""
    assert bench.apply("  headers: {X-Api-Key: canary-1, X-Team: canary-2}\n") is Action.CREATE
    assert bench.headers() == {"X-Api-Key": "canary-1", "X-Team": "canary-2"}

    assert bench.apply("  headers: {X-Api-Key: canary-1, X-Team: }\n") is Action.KEEP
    hidden = [Difference("headers", "(the present values)", "(the manifest's)")]
    assert bench.apply("  headers: {X-Api-Key: canary-3, X-Team: }\n") == hidden
    assert bench.headers() == {"X-Api-Key": "canary-3", "X-Team": "canary-2"}
    assert bench.apply("  headers: {X-Team: }\n") == [Difference("headers", ["X-Api-Key", "X-Team"], ["X-Team"])]
    assert bench.apply("") == [Difference("headers", ["X-Team"], [])]
    assert bench.headers() == {}


def test_a_manifest_has_certificates_as_text(bench: Bench, authority: Authority) -> None:
    """The key only when it is new."""
    own = authority.client("own")
    text = block("client_certificate", own.certificate) + block("ca_bundle", authority.pem)
    assert bench.apply(text + block("client_key", own.key)) is Action.CREATE
    assert bench.tls() == TlsTerms(authority.pem, own.certificate, own.key)
    assert bench.apply(text) is Action.KEEP
    differences = bench.apply("")
    assert isinstance(differences, list)
    assert [difference.field for difference in differences] == ["ca_bundle", "client_certificate"]
    assert bench.tls() is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("  headers: {X-Api-Key: }\n", "subscription s1: the header X-Api-Key has no value"),
        ("  headers: {Host: canary-1}\n", r"subscriptions\[0\] \(s1\): headers: the header Host"),
        ("  headers: {X-A: canary-1, x-a: canary-2}\n", "twice"),
        ("  headers: {X-A: canary-1, X-A: canary-2}\n", "twice"),
        ("  headers: {X-A: [canary-1]}\n", "headers.X-A"),
        ("  headers: {X-A: 17}\n", "headers.X-A"),
        ("  headers: {7: canary-1}\n", "headers"),
        ("  headers: [canary-1]\n", "headers: input should be a valid dict"),
        ("  headers: canary-1\n", "headers: input should be a valid dict"),
        ('  headers: {X-A: "canary-1\\r\\nHost: x"}\n', "printable ASCII"),
        ("  client_key: canary-1\n", "client_key: the client key is no private key"),
        ("  client_certificate: canary-1\n", "client_certificate: the client certificate is no list"),
        ("  ca_bundle: canary-1\n", "ca_bundle: the CA bundle is no list"),
    ],
)
def test_a_manifest_that_can_not_be_applied_repeats_nothing(bench: Bench, text: str, says: str) -> None:
    """The message names the place, and no value."""
    with pytest.raises(InvalidInputError, match=says) as refused:
        bench.apply(text)
    assert "canary" not in f"{refused.value.message}{refused.value.hint}"
    assert len(bench.store.index) == 0
