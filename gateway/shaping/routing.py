"""Steps ② and ③ up to the bodies: which subscriptions want an event, and what each of them gets of it.

Subscriptions that get the same are found once for all events of a tenant and type, and kept until one of the tenant's
subscriptions changes. So an event costs one Avro resolution for each view and one rendering for each variant, and
nothing for each subscription but its filter. Whatever fails in one variant does not touch the others.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import structlog

from gateway.domain.delivery import DEFAULT_MAX_BODY_BYTES
from gateway.domain.errors import InvalidInputError
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.outcome import Reason
from gateway.domain.subscription import ContentMode, Subscription, granted_paths
from gateway.shaping.content_modes import Content, avro_content, render_content
from gateway.shaping.expressions import Expression, Subject, fields_of
from gateway.shaping.filters import UNFILTERED, Decision, Filter
from gateway.shaping.projection import ProjectionError
from gateway.shaping.transforms import Transform, TransformError
from gateway.shaping.views import View, Views
from gateway.wire.event_codec import DecodedEvent

# Each refers to the subscriptions of one tenant that want one event type.
MAX_ROUTES = 20_000
# A version with the granted paths, and a content mode with a transform.
_Sight = tuple[int, tuple[str, ...]]
_Form = tuple[ContentMode, str | None]
_log = structlog.get_logger()


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
        transform: what reshapes the data, or why it can't; None where nothing is to.
        unconditional: those subscriptions that get every event.
        conditional: those that have a filter, with it.
    """

    content_mode: ContentMode
    transform: Transform | Failure | None
    unconditional: tuple[Subscription, ...]
    conditional: tuple[tuple[Subscription, Filter], ...]


@dataclass(frozen=True, slots=True)
class ViewRoute:
    """A view, and what becomes of it.

    Attributes:
        version: the schema version.
        granted: the paths of the sensitive fields that it was granted.
        view: the view; None where the catalog does not have the version.
        variants: at least one.
        fields: those of the data that filters and transforms look into; None for all of them.
    """

    version: int
    granted: tuple[str, ...]
    view: View | None
    variants: tuple[Variant, ...]
    fields: frozenset[str] | None


# A tuple, for it is made for every event: a frozen dataclass takes three times as long.
class Shaped(NamedTuple):
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


_NOTHING = Content(b"", "")
FilterFailed = Callable[[Subscription, str, str], None]


def _log_failure(subscription: Subscription, event_id: str, reason: str) -> None:
    _log.warning("filter.failed", subscription_id=subscription.subscription_id, event_id=event_id, reason=reason)


class Router:
    """Gives the content of events to those who want it.

    Args:
        views: of the catalog that events are decoded with.
        index: the live table of subscriptions.
        max_body_bytes: how many bytes a body may have.
        filter_failed: told of every failure of a filter: whose, on which event and why.
    """

    def __init__(
        self,
        views: Views,
        index: SubscriptionIndex,
        *,
        max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
        filter_failed: FilterFailed = _log_failure,
    ) -> None:
        self._views = views
        self._index = index
        self._max_body_bytes = max_body_bytes
        self._filter_failed = filter_failed
        self._routes: dict[tuple[str, str], tuple[int, tuple[ViewRoute, ...]]] = {}

    def shape(self, decoded: DecodedEvent) -> list[Shaped]:
        """Give what each subscription gets that wants an event; nothing where none does."""
        return list(self.shape_each(decoded))

    def shape_each(self, decoded: DecodedEvent) -> Iterator[Shaped]:
        """Give the same one by one, each body made when it is asked for: there may be one for each subscription.

        A variant in which the gateway itself fails is a failure like others: what came before it is written already.
        """
        for route in self.routes(decoded.event.tenant, decoded.event.event_type):
            view = route.view
            if view is None:
                yield _unseen(route, f"the catalog has no version {route.version}")
                continue
            try:
                subject = Subject(decoded.event, view.data_of(decoded), route.fields)
            except ProjectionError as error:
                yield _unseen(route, error.message)
                continue
            for variant in route.variants:
                shaped = self._shape_variant(route, view, variant, decoded, subject)
                if shaped.subscriptions:
                    yield shaped

    def routes(self, tenant: str, event_type: str) -> tuple[ViewRoute, ...]:
        """Give the views of an event type that a tenant's active and paused subscriptions want.

        Raises:
            NotFoundError: there is no such event type.
        """
        generation = self._index.generation(tenant)
        key = tenant, event_type
        if not generation:  # whoever publishes for tenants that nobody has must not drive the others out
            self._routes.pop(key, None)
            return ()
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
            _route(*sight, self._views.get(event_type, *sight), subscriptions) for sight, subscriptions in found.items()
        )

    def _shape_variant(
        self, route: ViewRoute, view: View, variant: Variant, decoded: DecodedEvent, subject: Subject
    ) -> Shaped:
        wanting: tuple[Subscription, ...] | None = None
        try:
            wanting = self._wanting(variant, subject)
            content = self._content(view, variant, decoded, subject) if wanting else _NOTHING
        except Exception as error:  # noqa: BLE001 - what came before is written already, and what follows has to be
            _log.error("variant.failed", event_id=subject.event.event_id, exc_info=error)
            reason = Reason.TRANSFORM_FAILED if variant.transform else Reason.PROJECTION_FAILED
            content = Failure(reason, type(error).__name__)
        return Shaped(_all_of(variant) if wanting is None else wanting, route.version, route.granted, content)

    def _wanting(self, variant: Variant, subject: Subject) -> tuple[Subscription, ...]:
        if not variant.conditional:
            return variant.unconditional
        chosen = list(variant.unconditional)
        for subscription, filter_ in variant.conditional:
            decision = filter_.decide(subject, subscription.on_filter_error)
            if decision.detail is not None:
                self._filter_failed(subscription, subject.event.event_id, decision.detail)
            if decision.is_wanted:
                chosen.append(subscription)
        return tuple(chosen)

    def _content(self, view: View, variant: Variant, decoded: DecodedEvent, subject: Subject) -> Content | Failure:
        event, transform = subject.event, variant.transform
        if isinstance(transform, Failure):
            return transform
        try:
            if variant.content_mode is ContentMode.AVRO:
                content = avro_content(event, view.avro_of(decoded, subject.data))
            elif transform is None:
                content = render_content(variant.content_mode, event, view.version, subject.data)
            else:
                content = render_content(variant.content_mode, event, None, transform.apply(subject))
        except TransformError as error:
            return Failure(Reason.TRANSFORM_FAILED, error.detail)
        except ValueError as error:
            return Failure(Reason.PROJECTION_FAILED, str(error))
        excess = content.excess(self._max_body_bytes)
        return content if excess is None else Failure(Reason.TOO_LARGE, excess)


def decide(subscription: Subscription, view: View, subject: Subject) -> Decision:
    """Decide whether a subscription whose event types match gets an event.

    Args:
        subscription: which one.
        view: its view.
        subject: the event in this view.
    """
    if subscription.filter is None:
        return UNFILTERED
    return view.filter(subscription.filter).decide(subject, subscription.on_filter_error)


def _unseen(route: ViewRoute, detail: str) -> Shaped:
    """Tell everyone that there is no data; a filter can't be asked without."""
    everyone = tuple(one for variant in route.variants for one in _all_of(variant))
    return Shaped(everyone, route.version, (), Failure(Reason.PROJECTION_FAILED, detail))


def _all_of(variant: Variant) -> tuple[Subscription, ...]:
    return variant.unconditional + tuple(subscription for subscription, _ in variant.conditional)


def _route(
    version: int, granted: tuple[str, ...], view: View | None, subscriptions: dict[_Form, list[Subscription]]
) -> ViewRoute:
    if view is None:
        forms = ((mode, tuple(those)) for (mode, _), those in subscriptions.items())
        blind = tuple(Variant(mode, None, those, ()) for mode, those in forms)
        return ViewRoute(version, granted, None, blind, frozenset())
    variants = tuple(_variant(view, *form, those) for form, those in subscriptions.items())
    expressions = [expression for variant in variants for expression in _expressions_of(variant)]
    return ViewRoute(version, granted, view, variants, fields_of(expressions))


def _variant(view: View, content_mode: ContentMode, text: str | None, subscriptions: list[Subscription]) -> Variant:
    transform: Transform | Failure | None = None
    if text is not None:
        try:
            transform = view.transform(text)
        except InvalidInputError as error:  # it was checked when it was written, but the catalog may have changed
            transform = Failure(Reason.TRANSFORM_FAILED, error.message.partition("\n")[0])
    return Variant(
        content_mode,
        transform,
        unconditional=tuple(one for one in subscriptions if one.filter is None),
        conditional=tuple((one, view.filter(one.filter)) for one in subscriptions if one.filter is not None),
    )


def _expressions_of(variant: Variant) -> Iterator[Expression]:
    for _, filter_ in variant.conditional:
        if filter_.expression is not None:
            yield filter_.expression
    if isinstance(variant.transform, Transform):
        yield from variant.transform.expressions
