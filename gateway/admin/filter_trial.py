"""What a filter says of an event that nobody has published, and why: for those who write one."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.domain.subscription import OnFilterError, granted_paths
from gateway.shaping.expressions import Subject
from gateway.shaping.filter_parts import PartValue, values_of_parts
from gateway.shaping.filters import Decision, Filter, Rule
from gateway.shaping.sensitive import check_grant
from gateway.shaping.views import View, Views
from gateway.wire.catalog import Catalog
from gateway.wire.event_codec import DecodedEvent


@dataclass(frozen=True, slots=True)
class FilterAnswer:
    """What a filter says of an event.

    Attributes:
        decision: whether the event is sent, and what decided that.
        parts: the filter's parts with their values.
    """

    decision: Decision
    parts: list[PartValue]

    @property
    def failed(self) -> bool:
        """Whether the filter has no value for the event."""
        return self.decision.rule is Rule.ON_FILTER_ERROR


@dataclass(frozen=True, slots=True)
class FilterTrial:
    """A filter, and what it is tried on.

    Attributes:
        text: the filter.
        view: what it sees.
        on_error: what becomes of an event on which it fails.
    """

    text: str
    view: View
    on_error: OnFilterError = OnFilterError.SEND

    def on(self, event: DecodedEvent) -> FilterAnswer:
        """Try it on an event of the view's type."""
        seen = Subject(event.event, self.view.data_of(event))
        decision = Filter(self.view.expressions, self.text).decide(seen, self.on_error)
        return FilterAnswer(decision, values_of_parts(self.view.expressions, self.text, seen))


def trial_of(
    catalog: Catalog, text: str, event_type: str, version: int | None = None, grants: Sequence[str] = ()
) -> FilterTrial:
    """Make a trial of any filter.

    Args:
        catalog: the known event types and versions.
        text: the filter.
        event_type: of the events that it is tried on.
        version: the version that it sees; None for the newest.
        grants: the sensitive fields that it may see, like `order.created:customer.email`.

    Raises:
        NotFoundError: there is no such event type or version.
        InvalidInputError: it is no filter on this version, or a grant is none.
    """
    for grant in grants:
        check_grant(catalog, grant)
    granted = granted_paths(tuple(grants), event_type)
    view = Views(catalog).find(event_type, catalog.entry(event_type, version).version, granted)
    _ = view.expressions.condition(text)  # refuses what is no filter
    return FilterTrial(text, view)
