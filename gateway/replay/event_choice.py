"""Which events a replay is about, before anybody is asked who wants them."""

from gateway.domain.errors import InvalidInputError
from gateway.domain.matching import matches_pattern
from gateway.domain.replay import PassedOver, Wanted
from gateway.domain.subscription import MAX_FILTER_CHARS, OnFilterError
from gateway.domain.versions import covered_types
from gateway.shaping.expressions import Subject
from gateway.shaping.filters import Filter
from gateway.shaping.projection import ProjectionError
from gateway.shaping.views import View, Views
from gateway.wire.catalog import Catalog
from gateway.wire.event_codec import DecodedEvent


class EventChoice:
    """Chooses events.

    The filter sees what a subscription without grants sees: the newest version of an event without its sensitive
    fields. The record of a replay keeps its text.

    Args:
        catalog: the known event types and versions.
        views: of the same catalog.
        wanted: what is to be replayed.

    Raises:
        InvalidInputError: the filter can't be compiled on an event type that it would be asked about.
    """

    def __init__(self, catalog: Catalog, views: Views, wanted: Wanted) -> None:
        self._wanted = wanted
        self._filters: dict[str, tuple[View, Filter]] = {}
        if wanted.filter is None:
            return
        if len(wanted.filter) > MAX_FILTER_CHARS:
            raise InvalidInputError(f"the filter is longer than {MAX_FILTER_CHARS} characters")
        for event_type in covered_types(wanted.event_types, catalog.event_types()):
            version = catalog.latest(event_type)
            view = views.find(event_type, version, ())
            try:
                view.expressions.condition(wanted.filter)
            except InvalidInputError as error:
                raise InvalidInputError(
                    f"{event_type} {version}: {error.message}", hint=error.hint or "--type chooses event types"
                ) from None
            self._filters[event_type] = view, view.filter(wanted.filter)

    def refuses(self, decoded: DecodedEvent) -> PassedOver | None:
        """Say why an event is passed over; None where it is chosen."""
        event, wanted = decoded.event, self._wanted
        if not any(matches_pattern(pattern, event.event_type) for pattern in wanted.event_types):
            return PassedOver.TYPE
        if wanted.tenants and event.tenant not in wanted.tenants:
            return PassedOver.TENANT
        return None if wanted.filter is None else self._filtered(decoded)

    def _filtered(self, decoded: DecodedEvent) -> PassedOver | None:
        view, condition = self._filters[decoded.event.event_type]
        try:
            subject = Subject(decoded.event, view.data_of(decoded))
        except ProjectionError:
            return PassedOver.FILTER_FAILED
        decision = condition.decide(subject, OnFilterError.SKIP)
        if decision.detail is not None:
            return PassedOver.FILTER_FAILED
        return None if decision.is_wanted else PassedOver.FILTER
