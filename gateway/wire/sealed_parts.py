"""All that is sealed of a subscription, in one place: who seals it anew, or counts it, misses nothing."""

from dataclasses import replace
from typing import Protocol

from gateway.domain.subscription import Sealed, SealedSecret, Subscription
from gateway.wire.sealing import CLIENT_KEY_PART, SIGNING_PART, AnySealed, header_part


class SealedChange(Protocol):
    """What is to become of a sealed part."""

    def __call__(self, sealed: AnySealed, part: str, /) -> AnySealed:
        """Give what takes its place, or the same.

        Args:
            sealed: as it is.
            part: which part of the subscription it is.
        """


def with_each_sealed(subscription: Subscription, change: SealedChange) -> Subscription:
    """Give a subscription with each of its sealed parts changed."""
    certificate = subscription.client_certificate
    return replace(
        subscription,
        secrets=tuple(change(sealed, SIGNING_PART) for sealed in subscription.secrets),
        headers=tuple(
            replace(header, value=change(header.value, header_part(header.name))) for header in subscription.headers
        ),
        client_certificate=None
        if certificate is None
        else replace(certificate, key=change(certificate.key, CLIENT_KEY_PART)),
    )


def sealed_parts(subscription: Subscription) -> list[tuple[str, SealedSecret | Sealed]]:
    """List the sealed parts of a subscription: which part each is, and what is sealed."""
    found: list[tuple[str, SealedSecret | Sealed]] = []

    def note(sealed: AnySealed, part: str) -> AnySealed:
        found.append((part, sealed))
        return sealed

    with_each_sealed(subscription, note)
    return found
