"""What a subscription may say about what it gets of an event: version, filter, fields, form.

Each field alone is checked as the others of a definition are. Together they are settled and checked when the
subscription is known that they belong to: a filter is right or wrong for the versions that the subscription gets.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any

from gateway.admin.field_errors import FieldError
from gateway.domain.errors import GatewayError, InvalidInputError
from gateway.domain.matching import matches_pattern
from gateway.domain.subscription import (
    MAX_FILTER_CHARS,
    MAX_GRANT_CHARS,
    MAX_GRANTS,
    MAX_TRANSFORM_CHARS,
    ContentMode,
    OnFilterError,
    Subscription,
    granted_paths,
)
from gateway.domain.versions import Pins, VersionTerms, covered_types, merge_pins, pinned, version_for
from gateway.shaping.sensitive import check_grant
from gateway.shaping.transforms import Transform
from gateway.shaping.views import View, Views
from gateway.wire.catalog import Catalog
from gateway.wire.strict_json import parse_json


@dataclass(frozen=True, slots=True)
class ShapingTerms:
    """All that a subscription says about the shape of what it gets; the fields mean what they mean in Subscription."""

    event_types: tuple[str, ...]
    pins: Pins
    follow_latest: bool
    content_mode: ContentMode = ContentMode.WEBHOOK
    filter: str | None = None
    on_filter_error: OnFilterError = OnFilterError.SEND
    sensitive_grants: tuple[str, ...] = ()
    transform: str | None = None

    def versions(self, catalog: Catalog) -> dict[str, int]:
        """Give the version that it gets of every event type that its patterns cover now."""
        return {
            one: version_for(self.pins, one, catalog.versions(one), follow_latest=self.follow_latest)
            for one in covered_types(self.event_types, catalog.event_types())
        }


class ShapingRules:
    """The rules of one catalog.

    Attributes:
        checks: by field of a definition, gives its value as the subscription holds it, or raises InvalidInputError.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._latest = {one: catalog.latest(one) for one in catalog.event_types()}
        self.checks: dict[str, Callable[[Any], object]] = {
            "pins": merge_pins,
            "follow_latest": bool,
            "pin_latest": bool,
            "content_mode": _check_content_mode,
            "filter": _check_filter_text,
            "on_filter_error": _check_on_filter_error,
            "sensitive_grants": _check_grant_texts,
            "removed_grants": _check_grant_texts,
            "transform": _check_transform_text,
        }

    def settled(self, attributes: dict[str, Any], current: Subscription | None) -> dict[str, Any]:
        """Give attributes with the pins of from now on, after all that depends on each other is checked.

        What was written before and is not touched is not checked again: a new time-out can always be set.

        Args:
            attributes: as `checks` gave them; others are passed on.
            current: the subscription that is changed, or None for a new one.

        Raises:
            FieldError: something does not fit the catalog, or the rest.
        """
        settled = dict(attributes)
        event_types: tuple[str, ...] = (
            settled["event_types"] if current is None else settled.get("event_types", current.event_types)
        )
        given: dict[str, int] = settled.pop("pins", {})
        self._check_pins(given, event_types)
        versions = pinned(
            event_types,
            given,
            self._latest,
            follow_latest=settled.pop("follow_latest", None),
            pin_latest=settled.pop("pin_latest", False),
            current=None if current is None else VersionTerms(current.event_types, current.pins, current.follow_latest),
        )
        settled |= {"pins": versions.pins, "follow_latest": versions.follow_latest}
        present = None if current is None else _terms_of(current)
        terms = _merged(present, settled)
        if terms != present:
            self._check(terms)
        return settled

    def _check_pins(self, given: Mapping[str, int], event_types: tuple[str, ...]) -> None:
        for event_type, version in given.items():
            try:
                self._catalog.entry(event_type, version)
            except GatewayError as error:
                raise FieldError("pins", InvalidInputError(error.message, hint=error.hint)) from error
            if not any(matches_pattern(pattern, event_type) for pattern in event_types):
                listed = ", ".join(event_types)
                raise FieldError(
                    "pins",
                    InvalidInputError(
                        f"{event_type} is pinned, but is none of the subscription's event types",
                        hint=f"they are {listed}",
                    ),
                )

    def _check(self, terms: ShapingTerms) -> None:
        for refusal in _refusals(terms, terms.versions(self._catalog), self._catalog):
            raise refusal


def refusals_for(subscription: Subscription, event_type: str, version: int, catalog: Catalog) -> list[FieldError]:
    """List what a catalog has against what a subscription says already, if it gets this version of an event type."""
    terms = _terms_of(subscription)
    of_type = tuple(grant for grant in terms.sensitive_grants if grant.partition(":")[0] == event_type)
    return list(_refusals(replace(terms, sensitive_grants=of_type), {event_type: version}, catalog))


def _refusals(terms: ShapingTerms, versions: Mapping[str, int], catalog: Catalog) -> Iterator[FieldError]:
    for field, check in (
        ("sensitive_grants", _check_grants),
        ("content_mode", _check_modes),
        ("filter", _check_filter),
        ("transform", _check_transform),
    ):
        try:
            check(terms, versions, catalog)
        except InvalidInputError as error:
            refusal = FieldError(field, error)
            refusal.__cause__ = error
            yield refusal


def changed_grants(present: tuple[str, ...], given: tuple[str, ...], removed: tuple[str, ...]) -> tuple[str, ...]:
    """Give all grants of sensitive fields after a change, in one order.

    Raises:
        FieldError: one that is to be withdrawn is not there or is given, too, or there are too many.
    """
    for grant in removed:
        if grant not in present or grant in given:
            has = ", ".join(present) or "none"
            error = InvalidInputError(f"'{grant}' can't be withdrawn", hint=f"the subscription has the grants: {has}")
            raise FieldError("sensitive_grants", error)
    after = tuple(sorted({*present, *given} - {*removed}))
    if len(after) > MAX_GRANTS:
        raise FieldError("sensitive_grants", InvalidInputError(f"more than {MAX_GRANTS} grants of sensitive fields"))
    return after


def _check_grants(terms: ShapingTerms, versions: Mapping[str, int], catalog: Catalog) -> None:
    for grant in terms.sensitive_grants:
        event_type = grant.partition(":")[0]
        if event_type not in versions:
            catalog_has = event_type in catalog.event_types()
            what = "is none of the subscription's event types" if catalog_has else "is not in the catalog"
            raise InvalidInputError(f"'{grant}': {event_type} {what}", hint=f"it gets {', '.join(versions)}")
        check_grant(catalog, grant)


def _check_modes(terms: ShapingTerms, _versions: Mapping[str, int], _catalog: Catalog) -> None:
    if terms.content_mode is ContentMode.AVRO and terms.transform is not None:
        raise InvalidInputError(
            "what a transform gives has no Avro schema, so it can't be sent as avro",
            hint="choose another content mode, or no transform",
        )


def _check_filter(terms: ShapingTerms, versions: Mapping[str, int], catalog: Catalog) -> None:
    """Compile a filter on all that the subscription gets now."""
    if terms.filter is not None:
        filter_ = terms.filter
        _on_each_view(terms, versions, catalog, lambda view: view.expressions.condition(filter_))


def _check_transform(terms: ShapingTerms, versions: Mapping[str, int], catalog: Catalog) -> None:
    """Compile a transform on all that the subscription gets now."""
    if terms.transform is not None:
        transform = terms.transform
        _on_each_view(terms, versions, catalog, lambda view: Transform(view.expressions, transform))


@lru_cache(maxsize=2)
def _views_of(catalog: Catalog) -> Views:
    """Give the views of a catalog; a manifest's subscriptions have most of them in common."""
    return Views(catalog)


def _on_each_view(
    terms: ShapingTerms, versions: Mapping[str, int], catalog: Catalog, compile_on: Callable[[View], object]
) -> None:
    for event_type, version in versions.items():
        view = _views_of(catalog).get(event_type, version, granted_paths(terms.sensitive_grants, event_type))
        if view is None:
            continue  # its pin is of a newer catalog
        try:
            compile_on(view)
        except InvalidInputError as error:
            raise InvalidInputError(f"{event_type} {version}: {error.message}", hint=error.hint) from error


def _check_content_mode(text: str) -> ContentMode:
    known = {mode.value: mode for mode in ContentMode}
    if text not in known:
        raise InvalidInputError(f"there is no content mode '{text[:40]}'", hint=f"use {', '.join(known)}")
    return known[text]


def _check_on_filter_error(text: str) -> OnFilterError:
    known = {action.value: action for action in OnFilterError}
    if text not in known:
        raise InvalidInputError(
            f"on a filter's error an event can't be '{text[:40]}'", hint=f"use {' or '.join(known)}"
        )
    return known[text]


def _check_filter_text(text: str) -> str | None:
    if len(text) > MAX_FILTER_CHARS:
        raise InvalidInputError(f"the filter is longer than {MAX_FILTER_CHARS} characters")
    return text.strip() or None


def _check_grant_texts(grants: tuple[str, ...]) -> tuple[str, ...]:
    for grant in grants:
        event_type, colon, path = grant.partition(":")
        if not (event_type and colon and path) or len(grant) > MAX_GRANT_CHARS or not grant.isprintable():
            raise InvalidInputError(
                f"{grant[:40]!r} names no field of an event type",
                hint="use TYPE:PATH, like order.created:customer.email",
            )
    return grants


def _check_transform_text(text: str) -> str | None:
    """Bring a template into one form: what is written in another way is not a difference later."""
    if not text:
        return None
    if len(text) > MAX_TRANSFORM_CHARS:
        raise InvalidInputError(f"the transform is longer than {MAX_TRANSFORM_CHARS} characters")
    try:
        template = parse_json(text.encode())
    except ValueError as error:
        raise InvalidInputError(f"the transform is not JSON: {error}") from None
    if not isinstance(template, dict):
        raise InvalidInputError("the transform is no JSON object", hint='like {"order": "data.order_id"}')
    return json.dumps(template, ensure_ascii=False, separators=(",", ":"))


def _terms_of(subscription: Subscription) -> ShapingTerms:
    return ShapingTerms(**{one.name: getattr(subscription, one.name) for one in fields(ShapingTerms)})


def _merged(present: ShapingTerms | None, settled: Mapping[str, Any]) -> ShapingTerms:
    given = {one.name: settled[one.name] for one in fields(ShapingTerms) if one.name in settled}
    return ShapingTerms(**given) if present is None else replace(present, **given)
