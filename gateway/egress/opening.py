"""Step ⑤, before the sending: everything that a subscription keeps sealed, opened in this one place.

Once for each revision, and kept: a delivery costs no decryption. What is opened is in memory only.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from gateway.domain.secret import SigningSecret
from gateway.domain.subscription import Subscription
from gateway.http.tls import TlsTerms
from gateway.wire.sealing import CLIENT_KEY_PART, KeyMissingError, KeyRing, SealBrokenError, header_part


@dataclass(frozen=True, slots=True)
class Opened:
    """What one revision of a subscription keeps sealed.

    Attributes:
        subscription: the revision.
        secrets: the signing secrets, newest first, each with its end, milliseconds since the epoch, or None.
        headers: the custom headers, name → value, in their order.
        tls: its own terms, or None where it has none.
    """

    subscription: Subscription
    secrets: tuple[tuple[SigningSecret, int | None], ...] = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    tls: TlsTerms | None

    def signing_secrets(self, now_ms: int) -> list[SigningSecret]:
        """Give the secrets that sign now, newest first.

        Args:
            now_ms: the present, milliseconds since the epoch.
        """
        return [secret for secret, end_ms in self.secrets if end_ms is None or end_ms > now_ms]


class Opener:
    """Opens with a key ring, and remembers one revision of each subscription."""

    def __init__(self, key_ring: KeyRing) -> None:
        self._key_ring = key_ring
        self._opened: dict[str, Opened] = {}

    def open(self, subscription: Subscription) -> Opened:
        """Give what a subscription keeps sealed; errors as for `open_sealed`."""
        opened = self._opened.get(subscription.subscription_id)
        # The same object, not the same revision: one that is deleted and made anew has its old id and revision again.
        if opened is None or opened.subscription is not subscription:
            opened = self._opened[subscription.subscription_id] = open_sealed(subscription, self._key_ring)
        return opened

    def forget(self, subscription_id: str) -> None:
        """Drop what was opened for a subscription that is gone."""
        self._opened.pop(subscription_id, None)


def open_sealed(subscription: Subscription, key_ring: KeyRing) -> Opened:
    """Open everything that a subscription keeps sealed.

    A signing secret that is to end, and does not open, is left out: else no rotation would help against a lost key.

    Raises:
        KeyMissingError: a key that something was sealed with is not in the ring.
        SealBrokenError: something was altered, or copied from elsewhere, or the ring has another key of that id.
    """
    tenant, subscription_id = subscription.tenant, subscription.subscription_id
    headers = {
        header.name: key_ring.open_part(
            header.value, header_part(header.name), tenant=tenant, subscription_id=subscription_id
        )
        for header in subscription.headers
    }
    tls = _tls_terms(subscription, key_ring)
    return Opened(subscription, tuple(_open_secrets(subscription, key_ring)), headers, tls)


def _tls_terms(subscription: Subscription, key_ring: KeyRing) -> TlsTerms | None:
    shown = subscription.client_certificate
    if shown is None:
        return None if subscription.ca_bundle is None else TlsTerms(subscription.ca_bundle)
    key = key_ring.open_part(
        shown.key, CLIENT_KEY_PART, tenant=subscription.tenant, subscription_id=subscription.subscription_id
    )
    return TlsTerms(subscription.ca_bundle, shown.chain, key)


def _open_secrets(subscription: Subscription, key_ring: KeyRing) -> Iterator[tuple[SigningSecret, int | None]]:
    tenant, subscription_id = subscription.tenant, subscription.subscription_id
    for sealed in subscription.secrets:
        try:
            yield key_ring.open(sealed, tenant=tenant, subscription_id=subscription_id), sealed.expires_at_ms
        except (KeyMissingError, SealBrokenError):
            if sealed.expires_at_ms is None:
                raise
