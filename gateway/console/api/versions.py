"""Versions of event types over HTTP: what each changed, who gets it, and what a proposed one would do."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from random import Random

from pydantic import JsonValue

from gateway.admin.lifecycle import select_subscriptions
from gateway.admin.schema_impact import Impact, list_impacts, without_and_with
from gateway.admin.version_use import VersionUse, uses_of
from gateway.catalog_pages.differences import Difference, differences
from gateway.catalog_pages.examples import example_of
from gateway.console.api.catalog import catalog_for, version_of
from gateway.console.api.parts import Parts
from gateway.console.api.routes import Answer, Call, Route, Scope
from gateway.console.api.version_models import (
    MAX_COMPARED,
    MAX_LISTED,
    DifferencesQuery,
    DifferencesView,
    ExampleQuery,
    ExampleRequestView,
    ExampleView,
    ImpactItemView,
    ImpactView,
    ProblemView,
    ProposalBody,
    SchemaDifferenceView,
    VersionsView,
    VersionUseView,
    VersionView,
)
from gateway.domain.access import Role
from gateway.domain.errors import InvalidInputError
from gateway.domain.matching import matches_pattern
from gateway.domain.subscription import Subscription
from gateway.domain.versions import VersionRule
from gateway.shaping.sensitive import sensitive_fields
from gateway.wire.catalog import EventSchema
from gateway.wire.catalog_check import Problem, check_versions
from gateway.wire.errors import CatalogError
from gateway.wire.mocking import mock_json

_TAG = "catalog"


class VersionsApi:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._catalog = parts.catalog
        self._room = asyncio.Semaphore(1)

    def routes(self) -> list[Route]:
        """List the routes."""
        one = "/event-types/{event_type}"
        return [
            Route(
                "GET", f"{one}/versions", "listVersions", "List versions, what each changed, and who gets it.", _TAG,
                Role.VIEWER, self._list, VersionsView, scope=Scope.TENANT,
            ),
            Route(
                "GET", f"{one}/differences", "compareVersions", "Say what is not the same in two versions.", _TAG,
                Role.VIEWER, self._compare, DifferencesView, query=DifferencesQuery, scope=Scope.SHARED,
            ),
            Route(
                "GET", f"{one}/versions/{{version}}/example", "getExample", "Make up data of a version.", _TAG,
                Role.SUBSCRIBER, self._example, ExampleView, query=ExampleQuery, scope=Scope.SHARED,
            ),
            Route(
                "POST", f"{one}/impact", "tellImpact",
                "Say whether a schema could be the next version, and which subscriptions it would break.", _TAG,
                Role.VIEWER, self._impact, ImpactView, body=ProposalBody, scope=Scope.TENANT,
            ),
        ]  # fmt: skip

    async def _list(self, call: Call) -> Answer:
        event_type = call.path["event_type"]
        versions = self._catalog.versions(event_type)
        subscriptions = select_subscriptions(self._parts.table.index, tenant=call.caller.tenant)
        uses = await asyncio.to_thread(uses_of, subscriptions, self._catalog, event_type)
        previous = {version: before for before, version in pairwise(versions)}
        items = [
            _version_view(
                version,
                previous.get(version),
                self._differences(event_type, previous[version], version) if version in previous else [],
                uses.get(version, []),
                exists=version in versions,
            )
            for version in sorted({*versions, *uses}, reverse=True)
        ]
        return Answer(VersionsView(event_type=event_type, items=items))

    async def _compare(self, call: Call) -> Answer:
        query: DifferencesQuery = call.query
        event_type = call.path["event_type"]
        return Answer(
            DifferencesView(
                event_type=event_type,
                from_version=query.from_version,
                to_version=query.to_version,
                items=self._differences(event_type, query.from_version, query.to_version),
            )
        )

    async def _example(self, call: Call) -> Answer:
        catalog = catalog_for(self._parts, call.caller)
        entry = catalog.entry(call.path["event_type"], version_of(call.path["version"]))
        example = example_of(entry, sensitive_fields(self._catalog, entry.event_type))
        return Answer(
            ExampleView(
                event_type=entry.event_type,
                version=entry.version,
                data=mock_json(entry.nodes, Random(call.query.seed)),  # noqa: S311 - made up
                request=ExampleRequestView(headers=dict(example.headers), body=example.body),
            )
        )

    async def _impact(self, call: Call) -> Answer:
        body: ProposalBody = call.body
        newest = self._catalog.entry(call.path["event_type"])
        affected = [
            one
            for one in select_subscriptions(self._parts.table.index, tenant=call.caller.tenant)
            if any(matches_pattern(pattern, newest.event_type) for pattern in one.event_types)
        ]
        async with self._room:
            return Answer(await asyncio.to_thread(self._told, newest, body.avro, affected))

    def _told(self, newest: EventSchema, source: JsonValue, affected: Sequence[Subscription]) -> ImpactView:
        event_type, version = newest.event_type, newest.version + 1
        known = {one: self._catalog.entry(event_type, one).source for one in self._catalog.versions(event_type)}
        file = f"{event_type}/{version}.avsc"
        problems = [one for one in check_versions(Path(event_type), {**known, version: source}) if one.file == file]
        compared, changes, impacts = affected[:MAX_COMPARED], [], []
        try:
            present, proposed = without_and_with(self._catalog, event_type, version, source)
            changes = differences(newest.nodes, proposed.entry(event_type, version).nodes)
            impacts = list_impacts(compared, present, proposed)
        except (CatalogError, InvalidInputError) as error:
            problems = problems or [Problem(file, "", "unreadable", error.message)]
        return ImpactView(
            event_type=event_type,
            version=version,
            problems=[ProblemView(path=one.field, rule=one.rule, detail=one.detail) for one in problems],
            differences=_difference_views(changes),
            subscriptions=[_impact_view(one) for one in impacts],
            compared=len(compared),
            omitted=len(affected) - len(compared),
        )

    def _differences(self, event_type: str, older: int, newer: int) -> list[SchemaDifferenceView]:
        entries = (self._catalog.entry(event_type, version) for version in (older, newer))
        return _difference_views(differences(*(entry.nodes for entry in entries)))


def _difference_views(found: Sequence[Difference]) -> list[SchemaDifferenceView]:
    return [SchemaDifferenceView(path=one.path, change=one.change, detail=one.detail) for one in found]


def _version_view(
    version: int, previous: int | None, changes: list[SchemaDifferenceView], uses: Sequence[VersionUse], *, exists: bool
) -> VersionView:
    return VersionView(
        version=version,
        exists=exists,
        previous=previous,
        differences=changes,
        subscriptions=[
            VersionUseView(
                subscription_id=use.subscription.subscription_id, tenant=use.subscription.tenant, rule=use.rule
            )
            for use in uses[:MAX_LISTED]
        ],
        subscription_count=len(uses),
        pinned_count=sum(use.rule is VersionRule.PINNED for use in uses),
    )


def _impact_view(impact: Impact) -> ImpactItemView:
    return ImpactItemView(
        subscription_id=impact.subscription.subscription_id,
        tenant=impact.subscription.tenant,
        path=impact.finding.path,
        rule=impact.finding.rule,
        detail=impact.finding.detail,
    )
