"""Which fields of an event type are sensitive, and which of them a subscription may not see.

A field is sensitive in every version of its type if any version marks it (`gateway.wire.sensitive_marks`), under every
name that a version knows it by. A subscription gets none of them, except those that it was granted by name. What it
gets is read with a schema that lacks the others: they are not taken out of what was rendered, they never get there.
"""

import difflib
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from gateway.domain.errors import InvalidInputError, NotFoundError
from gateway.domain.matching import matches_pattern
from gateway.shaping.field_places import places_of, sensitive_paths
from gateway.shaping.reduced_schema import reduce_schema
from gateway.wire.catalog import Catalog
from gateway.wire.schema_nodes import SchemaNodes

MAX_GRANTS = 100
MAX_GRANT_CHARS = 512
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

    def check(self, path: str) -> str:
        """Return the path of a sensitive field as the newest version that has it spells it.

        Raises:
            InvalidInputError: there is no such field, or it is not sensitive.
        """
        place = self._root.find(path)
        if place is not None and place.sensitive:
            return place.path
        if place is not None:
            raise InvalidInputError(f"the field {path} is not sensitive: everyone gets it", hint=self._hint(path))
        raise InvalidInputError(f"there is no field {path[:MAX_GRANT_CHARS]}", hint=self._hint(path))

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


def grants_for(grants: Iterable[str], event_type: str) -> tuple[str, ...]:
    """Give the paths that a subscription's grants name of one event type."""
    prefix = event_type + _SEPARATOR
    return tuple(grant.removeprefix(prefix) for grant in grants if grant.startswith(prefix))


def check_grants(catalog: Catalog, patterns: Sequence[str], grants: Collection[str]) -> tuple[str, ...]:
    """Return the grants of sensitive fields if a subscription can have them: each once, in alphabetical order.

    Args:
        catalog: the known event types.
        patterns: the subscription's event types.
        grants: an event type and a dotted path each, like `order.created:customer.email`.

    Raises:
        InvalidInputError: one is not of this form, or its type or field is unknown, not sensitive, or not of a type
            that the subscription gets; or they are too many.
    """
    if len(grants) > MAX_GRANTS:
        raise InvalidInputError(f"more than {MAX_GRANTS} grants of sensitive fields")
    return tuple(sorted({_check_grant(catalog, patterns, grant) for grant in grants}))


def _check_grant(catalog: Catalog, patterns: Sequence[str], grant: str) -> str:
    event_type, colon, path = grant.partition(_SEPARATOR)
    if not colon or not event_type or not path or len(grant) > MAX_GRANT_CHARS:
        raise InvalidInputError(
            f"'{grant[:40]}' is not a sensitive field", hint="name type and field, like order.created:customer.email"
        )
    try:
        checked = sensitive_fields(catalog, event_type).check(path)
    except NotFoundError as error:
        raise InvalidInputError(f"{grant}: {error.message}", hint=error.hint) from None
    except InvalidInputError as error:
        raise InvalidInputError(f"{event_type}: {error.message}", hint=error.hint) from None
    if not any(matches_pattern(pattern, event_type) for pattern in patterns):
        raise InvalidInputError(
            f"{grant}: the subscription does not get {event_type}", hint=f"its event types are {', '.join(patterns)}"
        )
    return f"{event_type}{_SEPARATOR}{checked}"
