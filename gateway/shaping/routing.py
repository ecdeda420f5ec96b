"""Steps ② and ③ up to the bodies: which subscriptions want an event, and what each of them gets of it.

Subscriptions that get the same are found once for all events of a tenant and type, and kept until one of the tenant's
subscriptions changes. So an event costs one Avro resolution for each view and one rendering for each variant, and
nothing for each subscription but its filter. Whatever fails in one variant does not touch the others.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from gateway.domain.delivery import DEFAULT_MAX_BODY_BYTES
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.outcome import Reason
from gateway.domain.subscription import ContentMode, Subscription, granted_paths
from gateway.shaping.content_modes import Content, avro_content, render_content
from gateway.shaping.projection import ProjectionError
from gateway.shaping.views import View, Views
from gateway.wire.event_codec import DecodedEvent

# Each refers to the subscriptions of one tenant that want one event type.
MAX_ROUTES = 20_000
# A version with the granted paths, and a content mode with a transform.
_Sight = tuple[int, tuple[str, ...]]
_Form = tuple[ContentMode, str | None]


class Rule(Enum):
    """What decides whether a subscription whose event types match gets an event."""

    NO_FILTER = "no_filter"
    FILTER = "filter"
    ON_FILTER_ERROR = "on_filter_error"


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a subscription gets an event, and why.

    Attributes:
        is_wanted: whether it does.
        rule: what decided.
        detail: what went wrong with the filter, for people; None where nothing did.
    """

    is_wanted: bool
    rule: Rule
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a variant of an event has no content.

    Attributes:
        reason: `projection_failed`, `transform_failed` or `too_large`.
        detail: for people.
    """

    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Variant:
    """A form of an event type's data, and who gets it.

    Attributes:
        content_mode: what stands around the data.
        transform: the template that reshapes the data, or None.
        unconditional: those subscriptions that get every event.
        conditional: those that have a filter.
    """

    content_mode: ContentMode
    transform: str | None
    unconditional: tuple[Subscription, ...]
    conditional: tuple[Subscription, ...]


@dataclass(frozen=True, slots=True)
class ViewRoute:
    """A view, and what becomes of it.

    Attributes:
        version: the schema version.
        granted: the paths of the sensitive fields that it was granted.
        view: the view; None where the catalog does not have the version.
        variants: at least one.
    """

    version: int
    granted: tuple[str, ...]
    view: View | None
    variants: tuple[Variant, ...]


@dataclass(frozen=True, slots=True)
class Shaped:
    """What some subscriptions get of an event.

    Attributes:
        subscriptions: who they are, at least one.
        version: the schema version of its data.
        granted: the paths of the sensitive fields that it may hold, as they were granted.
        content: the request's body and what belongs to it, or why there is none.
    """

    subscriptions: tuple[Subscription, ...]
    version: int
    granted: tuple[str, ...]
    content: Content | Failure


class Router:
    """Gives the content of events to those who want it.

    Args:
        views: of the catalog that events are decoded with.
        index: the live table of subscriptions.
        max_body_bytes: how many bytes a body may have.
    """

    def __init__(self, views: Views, index: SubscriptionIndex, *, max_body_bytes: int = DEFAULT_MAX_BODY_BYTES) -> None:
        self._views = views
        self._index = index
        self._max_body_bytes = max_body_bytes
        self._routes: dict[tuple[str, str], tuple[int, tuple[ViewRoute, ...]]] = {}

    def shape(self, decoded: DecodedEvent) -> list[Shaped]:
        """Give what each subscription gets that wants an event; nothing where none does."""
        event = decoded.event
        return [
            shaped
            for route in self.routes(event.tenant, event.event_type)
            for shaped in self._shape_view(route, decoded)
        ]

    def routes(self, tenant: str, event_type: str) -> tuple[ViewRoute, ...]:
        """Give the views of an event type that a tenant's active and paused subscriptions want.

        Raises:
            NotFoundError: there is no such event type.
        """
        generation = self._index.generation(tenant)
        key = tenant, event_type
        known = self._routes.get(key)
        if known is not None and known[0] == generation:
            return known[1]
        routes = self._find_routes(tenant, event_type)
        if known is None and len(self._routes) >= MAX_ROUTES:
            del self._routes[next(iter(self._routes))]
        self._routes[key] = generation, routes
        return routes

    def _find_routes(self, tenant: str, event_type: str) -> tuple[ViewRoute, ...]:
        seen: dict[tuple[Any, ...], _Sight] = {}
        found: dict[_Sight, dict[_Form, list[Subscription]]] = {}
        for one in self._index.match_event(tenant, event_type):
            terms = one.pins, one.follow_latest, one.sensitive_grants
            sight = seen.get(terms)
            if sight is None:
                version = self._views.version(one, event_type)
                sight = seen[terms] = version, granted_paths(one.sensitive_grants, event_type)
            found.setdefault(sight, {}).setdefault((one.content_mode, one.transform), []).append(one)
        return tuple(
            ViewRoute(
                version,
                granted,
                self._views.get(event_type, version, granted),
                tuple(_variant(*form, subscriptions) for form, subscriptions in variants.items()),
            )
            for (version, granted), variants in found.items()
        )

    def _shape_view(self, route: ViewRoute, decoded: DecodedEvent) -> Iterator[Shaped]:
        if route.view is None:
            yield _unseen(route, f"the catalog has no version {route.version}")
            return
        try:
            data = route.view.data_of(decoded)
        except ProjectionError as error:
            yield _unseen(route, error.message)
            return
        for variant in route.variants:
            wanting = _wanting(variant, decoded, data)
            if wanting:
                content = self._content(route.view, variant, decoded, data)
                yield Shaped(wanting, route.version, route.granted, content)

    def _content(self, view: View, variant: Variant, decoded: DecodedEvent, data: Any) -> Content | Failure:
        if variant.content_mode is ContentMode.AVRO:
            try:
                content = avro_content(decoded.event, view.avro.encode(data))
            except ValueError as error:
                return Failure(Reason.PROJECTION_FAILED, str(error))
        else:
            content = render_content(variant.content_mode, decoded.event, view.version, data)
        excess = content.excess(self._max_body_bytes)
        return content if excess is None else Failure(Reason.TOO_LARGE, excess)


def decide(subscription: Subscription, decoded: DecodedEvent, data: Any) -> Decision:  # noqa: ARG001 - what a filter sees
    """Decide whether a subscription whose event types match gets an event.

    Args:
        subscription: which one.
        decoded: the event.
        data: its data in the subscription's view.
    """
    return Decision(is_wanted=True, rule=Rule.NO_FILTER)


def _unseen(route: ViewRoute, detail: str) -> Shaped:
    """Tell everyone that there is no data; a filter can't be asked without."""
    everyone = tuple(one for variant in route.variants for one in variant.unconditional + variant.conditional)
    return Shaped(everyone, route.version, (), Failure(Reason.PROJECTION_FAILED, detail))


def _wanting(variant: Variant, decoded: DecodedEvent, data: Any) -> tuple[Subscription, ...]:
    if not variant.conditional:
        return variant.unconditional
    chosen = tuple(one for one in variant.conditional if decide(one, decoded, data).is_wanted)
    return variant.unconditional + chosen


def _variant(content_mode: ContentMode, transform: str | None, subscriptions: list[Subscription]) -> Variant:
    return Variant(
        content_mode,
        transform,
        unconditional=tuple(one for one in subscriptions if one.filter is None),
        conditional=tuple(one for one in subscriptions if one.filter is not None),
    )
