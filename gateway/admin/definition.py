"""What people define of a subscription, and the rules that it has to keep when it is written.

Nothing that breaks a rule is written: what lies in the topic can be matched, sent and retried as it is.
"""

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from gateway.admin.field_errors import FieldError
from gateway.admin.sealed_parts import GivenCertificate
from gateway.admin.shaping_rules import ShapingRules, changed_grants
from gateway.domain.addresses import AddressPolicy
from gateway.domain.custom_headers import GivenHeader, changed_headers, check_headers
from gateway.domain.endpoint import check_endpoint_url
from gateway.domain.errors import InvalidInputError
from gateway.domain.matching import check_pattern, matches_pattern
from gateway.domain.rate_limit import MAX_BURST, RateLimit, check_rate_limit, parse_rate
from gateway.domain.retry import STANDARD_POLICY, RetryPolicy, describe_policy, parse_policy
from gateway.domain.subscription import MAX_MAX_IN_FLIGHT, MAX_TIMEOUT_S, DeliveryOrder, SignatureProfile, Subscription
from gateway.domain.tiers import Tier
from gateway.domain.versions import split_version
from gateway.wire.catalog import Catalog
from gateway.wire.certificates import check_key_fits, parse_certificates, parse_private_key

MIN_TIMEOUT_S = 0.1
MAX_EVENT_TYPES = 100
MAX_DESCRIPTION_CHARS = 1000
STANDARD_POLICY_NAME = describe_policy(STANDARD_POLICY)


@dataclass(frozen=True, slots=True)
class Definition:
    """A subscription as people write it; None where nothing is said. The fields mean what they mean in Subscription.

    Attributes:
        event_types: patterns; one event type may have a pin, like `order.created@1`.
        rate_limit: `100/s`, `5/m`, or `none`.
        rate_burst: how many attempts may come at once; needs a rate limit.
        order: `key` or `none`.
        retry_policy: `quick`, `standard`, `none`, or tiers like `1s,5m`.
        headers: custom headers to set; where there is a subscription already, the others stay.
        removed_headers: names of custom headers to drop.
        ca_bundle: PEM; empty for the system's authorities.
        client_certificate: PEM, the client's own first; empty for none.
        client_key: PEM of its private key; not said: the one that is there.
        pins: versions to pin event types to, as (event type, version) pairs; others keep theirs.
        follow_latest: whether event types without a pin get their latest version; see `gateway.domain.versions.pinned`.
        pin_latest: pin every event type to the version that is the latest now.
        content_mode: `webhook`, `cloudevents`, …
        filter: a CEL expression; empty for none.
        on_filter_error: `send` or `skip`.
        sensitive_grants: sensitive fields that it may see; where there is a subscription already, it keeps the others.
        removed_grants: those that it may not see any more.
        transform: a JSON template; empty for none.
    """

    url: str | None = None
    event_types: tuple[str, ...] | None = None
    description: str | None = None
    signature_profiles: tuple[str, ...] | None = None
    timeout_s: float | None = None
    max_in_flight: int | None = None
    rate_limit: str | None = None
    rate_burst: int | None = None
    order: str | None = None
    retry_policy: str | None = None
    fail_fast: bool | None = None
    headers: tuple[GivenHeader, ...] | None = None
    removed_headers: tuple[str, ...] | None = None
    ca_bundle: str | None = None
    client_certificate: str | None = None
    client_key: str | None = field(default=None, repr=False)
    pins: tuple[tuple[str, int], ...] | None = None
    follow_latest: bool | None = None
    pin_latest: bool | None = None
    content_mode: str | None = None
    filter: str | None = None
    on_filter_error: str | None = None
    sensitive_grants: tuple[str, ...] | None = None
    removed_grants: tuple[str, ...] | None = None
    transform: str | None = None


class DefinitionRules:
    """The rules of one deployment."""

    def __init__(self, catalog: Catalog, tiers: tuple[Tier, ...], addresses: AddressPolicy) -> None:
        """Take the catalog, the retry tiers, and where deliveries may go."""
        self._event_types = catalog.event_types()
        self._shaping = ShapingRules(catalog)
        self._tiers = tiers
        self._addresses = addresses
        self._checks: dict[str, Callable[[Any], object]] = {
            "url": self._check_url,
            "event_types": self._check_event_types,
            "description": _check_description,
            "signature_profiles": _check_profiles,
            "timeout_s": _check_timeout,
            "max_in_flight": _check_max_in_flight,
            "rate_limit": parse_rate,
            "rate_burst": _check_burst,
            "order": _check_order,
            "retry_policy": self._check_retry_policy,
            "fail_fast": bool,
            "headers": tuple,
            "removed_headers": tuple,
            "ca_bundle": _check_ca_bundle,
            "client_certificate": _check_client_certificate,
            "client_key": parse_private_key,
            **self._shaping.checks,
        }

    def check(self, definition: Definition, *, current: Subscription | None = None) -> dict[str, Any]:
        """Give what is defined as attributes of a Subscription.

        What depends on each other is not `settled` yet, and what is confidential not sealed (`PartSealer`).

        Args:
            definition: what the user wrote.
            current: the subscription that is changed: a definition that says only one part of its retry policy,
                its rate limit or its headers keeps the other. None for a new one.

        Raises:
            FieldError: a field breaks its rule.
        """
        checked: dict[str, Any] = {}
        definition = _with_pins_apart(definition)
        for defined in fields(definition):
            value = getattr(definition, defined.name)
            if value is None:
                continue
            try:
                checked[defined.name] = self._checks[defined.name](value)
            except InvalidInputError as error:
                raise FieldError(defined.name, error) from error
        current_policy = STANDARD_POLICY if current is None else current.retry_policy
        policy: RetryPolicy = checked.pop("retry_policy", current_policy)
        fail_fast: bool = checked.pop("fail_fast", current_policy.fail_fast)
        checked["retry_policy"] = replace(policy, fail_fast=fail_fast)
        if "rate_limit" in checked or "rate_burst" in checked:
            current_limit = None if current is None else current.rate_limit
            checked["rate_limit"] = _rate_limit(
                checked.get("rate_limit", current_limit and current_limit.per_s), checked.pop("rate_burst", None)
            )
        if "headers" in checked or "removed_headers" in checked:
            present = () if current is None else current.headers
            checked["headers"] = _headers(
                [header.name for header in present], checked.get("headers", ()), checked.pop("removed_headers", ())
            )
        if "client_certificate" in checked or "client_key" in checked:
            checked["client_certificate"] = _client_certificate(
                checked.get("client_certificate"), checked.pop("client_key", None)
            )
        if "sensitive_grants" in checked or "removed_grants" in checked:
            granted = () if current is None else current.sensitive_grants
            checked["sensitive_grants"] = changed_grants(
                granted, checked.get("sensitive_grants", ()), checked.pop("removed_grants", ())
            )
        return checked

    def settled(self, attributes: dict[str, Any], current: Subscription | None) -> dict[str, Any]:
        """Give checked attributes as they are from now on, see `ShapingRules.settled`.

        Raises:
            FieldError: something does not fit the rest, or what the subscription was before.
        """
        return self._shaping.settled(attributes, current)

    def _check_url(self, url: str) -> str:
        return check_endpoint_url(url, self._addresses)

    def _check_retry_policy(self, text: str) -> RetryPolicy:
        return parse_policy(text, self._tiers)

    def _check_event_types(self, patterns: tuple[str, ...]) -> tuple[str, ...]:
        if not patterns:
            raise InvalidInputError("at least one event type is needed", hint="* stands for all of them")
        if len(patterns) > MAX_EVENT_TYPES:
            raise InvalidInputError(f"more than {MAX_EVENT_TYPES} event types", hint="use patterns, like order.*")
        return tuple(sorted({self._check_known(check_pattern(pattern)) for pattern in patterns}))

    def _check_known(self, pattern: str) -> str:
        if not any(matches_pattern(pattern, event_type) for event_type in self._event_types):
            close = difflib.get_close_matches(pattern, self._event_types, n=3)
            raise InvalidInputError(
                f"no event type of the catalog matches '{pattern}'",
                hint=f"did you mean {' or '.join(close)}?" if close else "see: gateway schemas list",
            )
        return pattern


def _with_pins_apart(definition: Definition) -> Definition:
    """Take the versions off event types like `order.created@1`, as pins."""
    if definition.event_types is None:
        return definition
    try:
        found = [split_version(pattern) for pattern in definition.event_types]
    except InvalidInputError as error:
        raise FieldError("event_types", error) from error
    pins = tuple((event_type, version) for event_type, version in found if version is not None)
    event_types = tuple(event_type for event_type, _ in found)
    return replace(definition, event_types=event_types, pins=(*pins, *(definition.pins or ())) or definition.pins)


def _check_description(text: str) -> str:
    if len(text) > MAX_DESCRIPTION_CHARS:
        raise InvalidInputError(f"the description is longer than {MAX_DESCRIPTION_CHARS} characters")
    if not text.isprintable():
        raise InvalidInputError("the description must be one line of printable text")
    return text


def _check_profiles(names: tuple[str, ...]) -> tuple[SignatureProfile, ...]:
    known = {profile.value: profile for profile in SignatureProfile}
    for name in names:
        if name not in known:
            raise InvalidInputError(f"there is no signature profile '{name}'", hint=f"use {' or '.join(known)}")
    if not names:
        raise InvalidInputError("at least one signature profile is needed", hint=f"use {' or '.join(known)}")
    return tuple(profile for name, profile in known.items() if name in names)


def _check_timeout(timeout_s: float) -> float:
    if not MIN_TIMEOUT_S <= timeout_s <= MAX_TIMEOUT_S:
        raise InvalidInputError(f"a time-out is {MIN_TIMEOUT_S:g} to {MAX_TIMEOUT_S:g} seconds, not {timeout_s:g}")
    return timeout_s


def _check_max_in_flight(count: int) -> int:
    if not 1 <= count <= MAX_MAX_IN_FLIGHT:
        raise InvalidInputError(f"max in flight is 1 to {MAX_MAX_IN_FLIGHT}, not {count}")
    return count


def _check_burst(count: int) -> int:
    if not 1 <= count <= MAX_BURST:
        raise InvalidInputError(f"a burst is 1 to {MAX_BURST}, not {count}")
    return count


def _rate_limit(per_s: float | None, burst: int | None) -> RateLimit | None:
    """Put a limit's parts together; a rate that comes without a burst gets the burst that fits it."""
    if per_s is not None:
        try:
            return check_rate_limit(per_s, burst)
        except InvalidInputError as error:
            raise FieldError("rate_limit", error) from error
    if burst is not None:
        raise FieldError("rate_burst", InvalidInputError("a burst needs a rate limit", hint="give a rate limit, too"))
    return None


def _check_order(text: str) -> DeliveryOrder:
    known = {order.value: order for order in DeliveryOrder}
    if text not in known:
        raise InvalidInputError(f"there is no order '{text}'", hint=f"use {' or '.join(known)}")
    return known[text]


def _headers(
    present: Sequence[str], given: tuple[GivenHeader, ...], removed: tuple[str, ...]
) -> tuple[GivenHeader, ...]:
    try:
        check_headers(given)
        return check_headers(changed_headers(present, given, removed))
    except InvalidInputError as error:
        raise FieldError("headers", error) from error


def _check_ca_bundle(pem: str) -> str | None:
    return parse_certificates(pem, "the CA bundle") if pem else None


def _check_client_certificate(pem: str) -> str | None:
    return parse_certificates(pem, "the client certificate") if pem else None


def _client_certificate(chain: str | None, key: str | None) -> GivenCertificate | None:
    """Put a certificate and its key together; a certificate alone may fit the key that is there."""
    if chain is None:
        if key is not None:
            raise FieldError("client_key", InvalidInputError("a client key needs its certificate"))
        return None
    if key is not None:
        try:
            check_key_fits(chain, key)
        except InvalidInputError as error:
            raise FieldError("client_key", error) from error
    return GivenCertificate(chain, key)
