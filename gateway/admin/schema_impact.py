"""What a proposed state of the catalog does to the subscriptions that there are: which of them it breaks, and how.

A pinned receiver is broken by a version whose events can't be read as the pinned one. One that follows the latest
version is broken by a version that takes something away. Either is when its filter, transform or grants have no longer
the meaning with which they were written.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from gateway.admin.field_errors import FieldError
from gateway.admin.receiver_views import View, list_losses, list_unreadable
from gateway.admin.shaping_rules import refusals_for
from gateway.domain.matching import matches_pattern
from gateway.domain.subscription import Subscription, granted_paths
from gateway.domain.versions import version_for
from gateway.shaping.sensitive import sensitive_fields
from gateway.wire.catalog import Catalog, catalog_of
from gateway.wire.schema_rules import Finding


@dataclass(frozen=True, slots=True)
class Impact:
    """One way in which a subscription is affected.

    Attributes:
        subscription: which one.
        event_type: the event type that changed.
        finding: where in its data; `unreadable`, `removed_type`, `removed_version`, `removed`, `renamed`, `type`,
            `values`, `hidden`, `sensitive_grants`, `filter`, `transform` or `meaning`; and how.
    """

    subscription: Subscription
    event_type: str
    finding: Finding


def list_impacts(subscriptions: Iterable[Subscription], present: Catalog, candidate: Catalog) -> list[Impact]:
    """List how subscriptions would be affected.

    Args:
        subscriptions: those that there are.
        present: the catalog that is in use.
        candidate: the catalog that is proposed in its place.

    Raises:
        InvalidInputError: a changed version is no schema.
    """
    changes = {
        event_type: found
        for event_type in dict.fromkeys((*present.event_types(), *candidate.event_types()))
        if (found := _changed_versions(present, candidate, event_type))
    }
    comparison = _Comparison(present, candidate)
    return [
        Impact(subscription, event_type, finding)
        for subscription in subscriptions
        for event_type, versions in changes.items()
        if any(matches_pattern(pattern, event_type) for pattern in subscription.event_types)
        for finding in comparison.findings(subscription, event_type, versions)
    ]


def without_and_with(catalog: Catalog, event_type: str, version: int | None, source: object) -> tuple[Catalog, Catalog]:
    """Give a catalog without a proposed version, should it be in its place already, and with it.

    Args:
        catalog: the present one.
        event_type: of the proposal; one that the catalog does not have is added.
        version: its number; None for the next one.
        source: the schema's JSON.

    Raises:
        CatalogError: it is no Avro schema, or not one of a record.
    """
    sources = {
        one: {known: catalog.entry(one, known).source for known in catalog.versions(one)}
        for one in catalog.event_types()
    }
    others = sources.get(event_type, {})
    number = version or max(others, default=0) + 1
    if number in others and others[number] == source:
        del others[number]
    proposed = {**sources, event_type: {**others, number: source}}
    return catalog_of(sources), catalog_of(proposed)


def _changed_versions(present: Catalog, candidate: Catalog, event_type: str) -> frozenset[int]:
    """Give the versions of an event type that come, go, or are not what they were."""
    before, after = (
        {version: catalog.entry(event_type, version).source for version in _versions(catalog, event_type)}
        for catalog in (present, candidate)
    )
    return frozenset(
        version
        for version in before.keys() | after.keys()
        if version not in before or version not in after or before[version] != after[version]
    )


def _versions(catalog: Catalog, event_type: str) -> tuple[int, ...]:
    return catalog.versions(event_type) if event_type in catalog.event_types() else ()


class _Comparison:
    """Two catalogs. What it finds depends on what a subscription gets, and is kept: many get the same."""

    def __init__(self, present: Catalog, candidate: Catalog) -> None:
        self._present = present
        self._candidate = candidate
        self._sensitive = cache(sensitive_fields)
        self._changes = cache(list_losses)
        self._unreadable = cache(list_unreadable)

    def findings(self, subscription: Subscription, event_type: str, changed: frozenset[int]) -> Iterator[Finding]:
        if event_type not in self._candidate.event_types():
            yield Finding("", "removed_type", "the event type is gone")
            return
        after = self._view(self._candidate, subscription, event_type)
        if after.version not in self._candidate.versions(event_type):
            yield Finding("", "removed_version", f"it gets version {after.version}, which is gone")
            return
        written = frozenset(self._candidate.versions(event_type)) - {after.version}
        # Where its own version is a new one, every other one has to be read as it; else those that changed.
        yield from self._unreadable(after, written if after.version in changed else written & changed)
        before = self._before(subscription, event_type)
        changes = [] if before is None else self._changes(before, after)
        yield from changes
        yield from self._of_expressions(subscription, before, after, changes)

    def _before(self, subscription: Subscription, event_type: str) -> View | None:
        """Give what it gets now, or None where it gets nothing."""
        if event_type not in self._present.event_types():
            return None
        view = self._view(self._present, subscription, event_type)
        return view if view.version in self._present.versions(event_type) else None

    def _view(self, catalog: Catalog, subscription: Subscription, event_type: str) -> View:
        version = version_for(
            subscription.pins, event_type, catalog.versions(event_type), follow_latest=subscription.follow_latest
        )
        granted = granted_paths(subscription.sensitive_grants, event_type)
        hidden = self._sensitive(catalog, event_type).hidden_without(granted)
        return View(catalog, event_type, version, hidden)

    def _new_refusals(self, subscription: Subscription, before: View | None, after: View) -> list[FieldError]:
        refused = refusals_for(subscription, after.event_type, after.version, after.catalog)
        if not refused or before is None:
            return refused
        present = refusals_for(subscription, before.event_type, before.version, before.catalog)
        known = {refusal.field for refusal in present}
        return [refusal for refusal in refused if refusal.field not in known]

    def _of_expressions(
        self, subscription: Subscription, before: View | None, after: View, changes: Iterable[Finding]
    ) -> Iterator[Finding]:
        """Say which of its expressions are refused from now on, and which speak of what changed."""
        refused = self._new_refusals(subscription, before, after)
        for refusal in refused:
            # The lines that follow show the expression and the place in it.
            yield Finding("", refusal.field, refusal.message.partition("\n")[0])
        fields = {refusal.field for refusal in refused}
        for field, text in (("filter", subscription.filter), ("transform", subscription.transform)):
            if text is None or field in fields:
                continue
            for change in changes:
                name = re.split(r"[.\[\]{}]+", change.path.rstrip("[]{}"))[-1]
                if re.search(rf"\b{re.escape(name)}\b", text):
                    what = f"its {field} speaks of {name}, which changed: {change.detail}"
                    yield Finding(change.path, "meaning", what)
