"""Which subscriptions are locked, what is said of it, and what signs where not everything opens."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from gateway.domain.errors import UnavailableError
from gateway.domain.subscription import SealedSecret, Subscription, SubscriptionState
from gateway.egress.locks import SubscriptionLocks
from gateway.egress.opening import Opener, open_sealed
from gateway.telemetry.security_log import SUPPRESSED
from gateway.wire.sealing import KeyRing
from tests.sealed_subscriptions import (
    NEXT_SECRET,
    SECRET,
    ring,
    sealed_by,
    sealed_secret,
    with_client_key,
    with_header,
)
from tests.subscriptions import NOW_MS, subscription

OLD, NEW = ring("old"), ring("new")
GOOD = sealed_by(NEW, "good")


def with_secrets(owner: Subscription, *secrets: SealedSecret) -> Subscription:
    return replace(owner, secrets=secrets)


def altered(owner: Subscription) -> Subscription:
    sealed = owner.secrets[0]
    return with_secrets(owner, replace(sealed, ciphertext=sealed.ciphertext[:-1] + b"\0"))


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: sealed_by(OLD), "egress has no key 'old', which its secrets are sealed with"),
        (lambda: sealed_by(ring("new", seed=1)), "its secrets do not open with the key 'new' of egress"),
        (lambda: altered(sealed_by(NEW)), "its secrets do not open with the key 'new' of egress"),
        (lambda: replace(sealed_by(NEW), tenant="other"), "its secrets do not open with the key 'new' of egress"),
        (lambda: with_header(OLD, sealed_by(NEW), "X-Key", "v"), "egress has no key 'old'"),
        (lambda: with_client_key(OLD, sealed_by(NEW), "pem"), "egress has no key 'old'"),
        (lambda: with_client_key(NEW, with_header(NEW, sealed_by(NEW), "X-Key", "v"), "pem"), None),
        (lambda: replace(sealed_by(OLD), state=SubscriptionState.PAUSED), "egress has no key 'old'"),
        (lambda: replace(sealed_by(OLD), state=SubscriptionState.DISABLED), None),
    ],
)
def test_what_locks_a_subscription(make: Callable[[], Subscription], why: str | None) -> None:
    """Anything of it that does not open, whatever the reason; what is disabled ends anyway, and says so."""
    locks, found = SubscriptionLocks(NEW), make()
    locks.start([GOOD, found])

    assert locks.is_locked("sub_1") is (why is not None)
    assert (locks.why_locked("sub_1") or "").startswith(why or "")
    assert not locks.is_locked("good")


def test_everything_is_opened() -> None:
    """Secrets, the values of headers in their order, and the private key; none of it shows in a `repr`."""
    full = with_header(NEW, with_header(NEW, sealed_by(NEW), "X-Key", "token-1"), "X-Other", "token-2")
    full = with_client_key(NEW, full, "private pem")
    opened = open_sealed(full, NEW)

    assert opened.signing_secrets(NOW_MS) == [SECRET]
    assert list(opened.headers.items()) == [("X-Key", "token-1"), ("X-Other", "token-2")]
    assert opened.tls is not None
    assert opened.tls.key == "private pem"
    assert not [word for word in ("token", "pem", SECRET.text) if word in repr(opened)]


def test_a_rotation_unlocks_also_while_the_lost_one_overlaps() -> None:
    """What ends and does not open is left out; one that opens signs until it ends."""
    owner, end_ms = sealed_by(OLD), NOW_MS + 1000
    next_one = sealed_secret(NEW, owner, NEXT_SECRET)
    lost = with_secrets(owner, next_one, replace(owner.secrets[0], expires_at_ms=end_ms))
    kept = with_secrets(owner, next_one, sealed_secret(NEW, owner, SECRET, expires_at_ms=end_ms))
    locks = SubscriptionLocks(NEW)
    locks.start([GOOD, owner])
    assert locks.is_locked("sub_1")

    locks.changed("sub_1", lost)
    assert not locks.is_locked("sub_1")
    assert open_sealed(lost, NEW).signing_secrets(NOW_MS) == [NEXT_SECRET]
    locks.changed("sub_1", kept)
    assert open_sealed(kept, NEW).signing_secrets(end_ms - 1) == [NEXT_SECRET, SECRET]
    assert open_sealed(kept, NEW).signing_secrets(end_ms) == [NEXT_SECRET]


def test_a_change_locks_and_unlocks() -> None:
    """Sealed by a key that is not here, disabled, sealed anew, deleted."""
    locks = SubscriptionLocks(NEW)
    locks.start([])
    steps: list[tuple[Subscription | None, bool]] = [
        (sealed_by(NEW), False),
        (sealed_by(OLD), True),
        (replace(sealed_by(OLD), state=SubscriptionState.DISABLED), False),
        (sealed_by(OLD), True),
        (sealed_by(NEW), False),
        (sealed_by(OLD), True),
        (None, False),
    ]
    for step, locked in steps:
        locks.changed("sub_1", step)
        assert locks.is_locked("sub_1") is locked


@pytest.mark.parametrize(
    ("key_ring", "described"),
    [(NEW, "key 'old' is missing (3)"), (ring("old", seed=1), "key 'old' does not fit (3)")],
)
def test_a_ring_that_opens_nothing_is_refused(key_ring: KeyRing, described: str) -> None:
    """With the keys that are wanted and for how many subscriptions; what is disabled proves nothing."""
    found = [sealed_by(OLD, f"sub_{number}") for number in range(3)]
    disabled = replace(sealed_by(key_ring, "off"), state=SubscriptionState.DISABLED)

    with pytest.raises(UnavailableError, match="none of 3 subscriptions") as refused:
        SubscriptionLocks(key_ring).start([*found, disabled])
    assert described in refused.value.message
    assert "gateway secrets status" in (refused.value.hint or "")


def test_nothing_to_open_is_no_reason_to_refuse() -> None:
    """A deployment begins without subscriptions."""
    SubscriptionLocks(NEW).start([])
    SubscriptionLocks(NEW).start([replace(subscription("off"), state=SubscriptionState.DISABLED)])


def test_each_key_that_is_missing_is_told_once_with_its_count() -> None:
    """However many subscriptions want it, and however often they are written; what is altered, too."""
    wanted = [sealed_by(ring(key_id), f"{key_id}_{number}") for key_id in ("a", "b") for number in range(4)]
    # Keys of this test alone: the log counts lines by key.
    mine = ring("mine")
    with capture_logs() as lines:
        locks = SubscriptionLocks(mine)
        locks.start([sealed_by(mine, "good"), *wanted, altered(sealed_by(mine))])
        for again in wanted:
            locks.changed(again.subscription_id, again)
        locks.changed("late", sealed_by(ring("c"), "late"))

    told = [(line["event"], line["key_id"], line["subscriptions"]) for line in lines if line["event"] != SUPPRESSED]
    assert told == [
        ("security.key_missing", "a", 4),
        ("security.key_missing", "b", 4),
        ("security.seal_broken", "mine", 1),
        ("security.key_missing", "c", 1),
    ]
    assert {line["log_level"] for line in lines} == {"error"}


def test_what_was_opened_is_kept_until_the_subscription_changes() -> None:
    """An attempt costs no decryption; one that is made anew under its old id and revision is opened anew."""
    opener, first, again = Opener(NEW), sealed_by(NEW), sealed_by(NEW)
    opened = opener.open(first)

    assert opener.open(first) is opened
    assert opener.open(with_secrets(again, sealed_secret(NEW, again, NEXT_SECRET))).signing_secrets(NOW_MS) == [
        NEXT_SECRET
    ]
    assert opener.open(first) is not opened
