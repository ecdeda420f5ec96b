"""Which fields of an event type are sensitive, and which of them a subscription may not see.

A field is sensitive in every version of its type if any version marks it (`gateway.wire.sensitive_marks`), under every
name that a version knows it by. A subscription gets none of them, except those that it was granted by name. What it
gets is read with a schema that lacks the others: they are not taken out of what was rendered, they never get there.
"""

import difflib
from collections.abc import Collection, Iterable
from typing import Any

from gateway.domain.errors import InvalidInputError, NotFoundError
from gateway.shaping.field_places import places_of, sensitive_paths
from gateway.shaping.reduced_schema import reduce_schema
from gateway.wire.catalog import Catalog
from gateway.wire.schema_nodes import SchemaNodes

_SEPARATOR = ":"


class SensitiveFields:
    """The sensitive fields of one event type.

    Args:
        versions: its schemas, oldest first.

    Attributes:
        paths: their dotted paths, each in the newest version that has it, in alphabetical order.
    """

    def __init__(self, versions: Iterable[SchemaNodes]) -> None:
        self._root = places_of(versions)
        self.paths = tuple(sorted(place.path for place in self._root.descendants() if place.sensitive))

    def paths_in(self, nodes: SchemaNodes) -> frozenset[str]:
        """Give the dotted paths of the sensitive fields that one of the versions has, in its own names.

        Args:
            nodes: one of the versions.
        """
        return frozenset(sensitive_paths(nodes, self._root)) if self.paths else frozenset()

    def hidden_without(self, granted: Iterable[str]) -> frozenset[str]:
        """Give the paths of the sensitive fields that are not granted.

        Args:
            granted: dotted paths, in the names of any versions; those of unknown fields grant nothing.
        """
        if not self.paths:
            return frozenset()
        places = (self._root.find(path) for path in granted)
        return frozenset(self.paths) - {place.path for place in places if place is not None}

    def hider_of(self, path: str, hidden: Collection[str]) -> str | None:
        """Give the outermost hidden field that a field is or lies in, or None where it is not hidden.

        Args:
            path: a dotted path, in the names of any versions.
            hidden: what `hidden_without` gave.
        """
        names = path.split(".")
        for length in range(1, len(names) + 1):
            place = self._root.find(".".join(names[:length]))
            if place is not None and place.path in hidden:
                return place.path
        return None

    def check(self, path: str) -> None:
        """Check that a path is that of a sensitive field.

        Raises:
            InvalidInputError: there is no such field, or it is not sensitive.
        """
        place = self._root.find(path)
        if place is None:
            raise InvalidInputError(f"there is no field {path}", hint=self._hint(path))
        if not place.sensitive:
            raise InvalidInputError(f"the field {path} is not sensitive: everyone gets it", hint=self._hint(path))

    def _hint(self, path: str) -> str:
        if not self.paths:
            return "no field of this event type is sensitive"
        close = difflib.get_close_matches(path, self.paths, n=1)
        return f"did you mean {close[0]}?" if close else f"sensitive are: {', '.join(self.paths)}"

    def schema_without(self, nodes: SchemaNodes, hidden: Collection[str]) -> Any:
        """Give the schema that a view is read with: a version's, without the hidden fields.

        Args:
            nodes: one of the versions.
            hidden: what `hidden_without` gave.
        """
        return reduce_schema(nodes, self._root, hidden)


def sensitive_fields(catalog: Catalog, event_type: str) -> SensitiveFields:
    """Find the sensitive fields of an event type.

    Raises:
        NotFoundError: there is no such event type.
    """
    versions = catalog.versions(event_type)
    return SensitiveFields(catalog.entry(event_type, version).nodes for version in versions)


def check_grant(catalog: Catalog, grant: str) -> None:
    """Check that a grant means something.

    Args:
        catalog: the known event types.
        grant: an event type and a dotted path, like `order.created:customer.email`.

    Raises:
        InvalidInputError: its type or field is unknown, or the field is not sensitive.
    """
    event_type, _, path = grant.partition(_SEPARATOR)
    try:
        sensitive_fields(catalog, event_type).check(path)
    except (NotFoundError, InvalidInputError) as error:
        raise InvalidInputError(f"'{grant}': {error.message}", hint=error.hint) from None
