"""Views: what a subscription can see of an event type, a version of it without the sensitive fields it may not see.

Everything that a subscription gets to see of an event is its view: body, filter, transform, explanation. The data of a
view comes from one Avro resolution, from the version that the producer wrote to the view's schema.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Any
from weakref import WeakValueDictionary

from gateway.domain.subscription import Subscription
from gateway.domain.versions import version_for
from gateway.shaping.avro_bodies import AvroBodies
from gateway.shaping.expressions import ExpressionCompiler
from gateway.shaping.filters import Filter
from gateway.shaping.projection import Projection, ProjectionError
from gateway.shaping.sensitive import SensitiveFields, sensitive_fields
from gateway.shaping.transforms import Transform
from gateway.wire.catalog import Catalog, EventSchema
from gateway.wire.event_codec import DecodedEvent
from gateway.wire.schema_nodes import SchemaNodes

# Each has a schema of its own. There are as many as subscriptions differ in versions and grants.
MAX_VIEWS = 10_000


class View:
    """A version of an event type without some fields.

    Args:
        schema: the version.
        fields: the sensitive fields of the event type.
        hidden: those that are left out, see `SensitiveFields.hidden_without`.

    Attributes:
        event_type: which one.
        version: which one.
        hidden: those that are left out.
        nodes: the schema of its data.
    """

    def __init__(self, schema: EventSchema, fields: SensitiveFields, hidden: frozenset[str]) -> None:
        self.event_type = schema.event_type
        self.version = schema.version
        self.hidden = hidden
        self.nodes = SchemaNodes(fields.schema_without(schema.nodes, hidden)) if hidden else schema.nodes
        self._fields = fields
        # By the version that was written; or why it can't be read, as text: an error grows each time it is raised.
        self._projections: dict[int, Projection | str] = {}
        # As long as a route refers to them: so they are compiled once, and their number is bounded by what is in use.
        self._filters: WeakValueDictionary[str, Filter] = WeakValueDictionary()
        self._transforms: WeakValueDictionary[str, Transform] = WeakValueDictionary()

    def data_of(self, decoded: DecodedEvent) -> Any:
        """Give what can be seen of an event.

        Args:
            decoded: an event of this type.

        Raises:
            ProjectionError: it can't be read in this version.
        """
        written = decoded.schema
        if written.version == self.version and not self.hidden:
            return decoded.data
        projection = self._projections.get(written.version)
        if projection is None:
            projection = self._projections[written.version] = self._projection(written)
        if isinstance(projection, str):
            raise ProjectionError(projection)
        return projection.read(decoded.value, decoded.start)

    def avro_of(self, decoded: DecodedEvent, data: Any) -> bytes:
        """Give what can be seen of an event in single-object encoding.

        Args:
            decoded: the event.
            data: what `data_of` gave.

        Raises:
            ValueError: it can't be written.
        """
        if decoded.data is data:
            return self._avro.wrap(decoded.value, decoded.start)
        return self._avro.encode(data)

    @cached_property
    def _avro(self) -> AvroBodies:
        return AvroBodies(self.nodes.root)

    @cached_property
    def expressions(self) -> ExpressionCompiler:
        """Compiles expressions on it."""
        return ExpressionCompiler(self.nodes, self._grant_for)

    def filter(self, text: str) -> Filter:
        """Give a filter on it; while somebody has it, it is the same one for the same text."""
        found = self._filters.get(text)
        if found is None:
            found = self._filters[text] = Filter(self.expressions, text)
        return found

    def transform(self, text: str) -> Transform:
        """Give a transform of it, likewise.

        Raises:
            InvalidInputError: it can't be compiled.
        """
        found = self._transforms.get(text)
        if found is None:
            found = self._transforms[text] = Transform(self.expressions, text)
        return found

    def _grant_for(self, path: str) -> str | None:
        """Give the grant without which a field can't be seen; None where it is none of those that are hidden."""
        hider = self._fields.hider_of(path, self.hidden)
        return None if hider is None else f"{self.event_type}:{hider}"

    def _projection(self, written: EventSchema) -> Projection | str:
        try:
            return Projection(written.nodes, self.nodes)
        except ProjectionError as error:
            return error.message


class Views:
    """The views of a catalog's event types.

    Args:
        catalog: the known event types and versions.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._fields: dict[str, SensitiveFields] = {}
        self._views: dict[tuple[str, int, frozenset[str]], View] = {}

    def version(self, subscription: Subscription, event_type: str) -> int:
        """Give the version of an event type that a subscription gets; its pin may name one that there is not.

        Raises:
            NotFoundError: there is no such event type.
        """
        versions = self._catalog.versions(event_type)
        return version_for(subscription.pins, event_type, versions, follow_latest=subscription.follow_latest)

    def get(self, event_type: str, version: int, granted: Iterable[str]) -> View | None:
        """Give the view of an event type; None where it does not have the version.

        Raises:
            NotFoundError: there is no such event type.
        """
        return self.find(event_type, version, granted) if version in self._catalog.versions(event_type) else None

    def find(self, event_type: str, version: int, granted: Iterable[str]) -> View:
        """Give the view of an event type; of two that are alike the same one.

        Args:
            event_type: which one.
            version: which one.
            granted: the paths of its sensitive fields that may be seen.

        Raises:
            NotFoundError: there is no such event type or version.
        """
        fields = self._fields.get(event_type)
        if fields is None:
            fields = self._fields[event_type] = sensitive_fields(self._catalog, event_type)
        hidden = fields.hidden_without(granted)
        key = event_type, version, hidden
        view = self._views.get(key)
        if view is None:
            if len(self._views) >= MAX_VIEWS:
                del self._views[next(iter(self._views))]
            view = self._views[key] = View(self._catalog.entry(event_type, version), fields, hidden)
        return view
