"""What a subscription keeps sealed beside its signing secrets: header values and a private key, from what users give.

What is there already stays as it is sealed, so that writing the same thing again is no change.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gateway.domain.custom_headers import GivenHeader, check_total_chars
from gateway.domain.errors import GatewayError, InvalidInputError
from gateway.domain.subscription import ClientCertificate, CustomHeader, Sealed, Subscription
from gateway.http.tls import TlsTerms, UnusableTlsError, context_of
from gateway.wire.certificates import check_key_fits, check_not_expired, check_valid_now
from gateway.wire.sealing import CLIENT_KEY_PART, SEALED_OVERHEAD_BYTES, KeyRing, header_part


@dataclass(frozen=True, slots=True)
class GivenCertificate:
    """A client certificate as a user gives it, parsed.

    Attributes:
        chain: PEM, the client's own certificate first.
        key: PEM of its private key, or None for the one that the subscription has already.
    """

    chain: str
    key: str | None = field(default=None, repr=False)


class PartSealer:
    """Seals for one deployment.

    Args:
        key_ring: asked only when there is something to seal or to compare.
        clock: gives the present, in milliseconds since the epoch.
    """

    def __init__(self, key_ring: Callable[[], KeyRing], clock: Callable[[], int]) -> None:
        self._key_ring = key_ring
        self._clock = clock

    def sealed(
        self, attributes: dict[str, Any], *, tenant: str, subscription_id: str, current: Subscription | None = None
    ) -> dict[str, Any]:
        """Give attributes of a subscription with what is confidential among them sealed.

        Args:
            attributes: as `DefinitionRules.check` gives them.
            tenant: the subscription's tenant.
            subscription_id: its id.
            current: the subscription as it is, or None for a new one.

        Raises:
            InvalidInputError: a value or a key is left out that the subscription does not have, or a new certificate
                can't be used.
            KeyMissingError, SealBrokenError: a key that has to be compared does not open.
        """
        one = _OneSealer(self._key_ring, tenant, subscription_id, current)
        changed = dict(attributes)
        if "headers" in attributes:
            changed["headers"] = one.headers(attributes["headers"])
        if attributes.get("client_certificate") is not None:
            changed["client_certificate"] = one.certificate(attributes["client_certificate"], self._clock())
        bundle = attributes.get("ca_bundle")
        if bundle is not None and (current is None or bundle != current.ca_bundle):
            check_not_expired(bundle, "the CA bundle", self._clock())
            _check_usable(TlsTerms(bundle))
        return changed


@dataclass(frozen=True, slots=True)
class _OneSealer:
    """Seals for one subscription."""

    key_ring: Callable[[], KeyRing]
    tenant: str
    subscription_id: str
    current: Subscription | None

    def headers(self, given: tuple[GivenHeader, ...]) -> tuple[CustomHeader, ...]:
        present = {} if self.current is None else {header.name.lower(): header for header in self.current.headers}
        headers = tuple(self._header(header, present.get(header.name.lower())) for header in given)
        check_total_chars(sum(len(one.name) + len(one.value.ciphertext) - SEALED_OVERHEAD_BYTES for one in headers))
        return headers

    def certificate(self, given: GivenCertificate, now_ms: int) -> ClientCertificate:
        present = None if self.current is None else self.current.client_certificate
        key = given.key
        if present is not None:
            if present.chain == given.chain and self._is(present.key, CLIENT_KEY_PART, key):
                return present
            key = self._open(present.key, CLIENT_KEY_PART) if key is None else key
        if key is None:
            raise InvalidInputError("a client certificate needs its private key")
        check_key_fits(given.chain, key)
        check_valid_now(given.chain, "the client certificate", now_ms)
        # With its own chain for authorities: to load the system's takes a hundred times as long.
        _check_usable(TlsTerms(given.chain, given.chain, key))
        return ClientCertificate(given.chain, self._seal(key, CLIENT_KEY_PART))

    def _header(self, given: GivenHeader, present: CustomHeader | None) -> CustomHeader:
        if present is not None and self._is(present.value, header_part(given.name), given.value):
            return CustomHeader(given.name, present.value)
        if given.value is None:
            raise InvalidInputError(f"the header {given.name} has no value, and there is none that could stay")
        return CustomHeader(given.name, self._seal(given.value, header_part(given.name)))

    def _is(self, present: Sealed, part: str, given: str | None) -> bool:
        """Tell whether what is given is what is there; what does not open any more is to be replaced."""
        if given is None:
            return True
        try:
            return hmac.compare_digest(self._open(present, part).encode(), given.encode())
        except GatewayError:
            return False

    def _open(self, sealed: Sealed, part: str) -> str:
        return self.key_ring().open_part(sealed, part, tenant=self.tenant, subscription_id=self.subscription_id)

    def _seal(self, text: str, part: str) -> Sealed:
        return self.key_ring().seal_part(text, part, tenant=self.tenant, subscription_id=self.subscription_id)


def _check_usable(terms: TlsTerms) -> None:
    try:
        context_of(terms)
    except UnusableTlsError as error:
        raise InvalidInputError(str(error)) from None
