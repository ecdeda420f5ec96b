"""Why a subscription gets an event, or does not: what the stream decides, by the stream's own code, told rule by rule.

It tells what holds for the subscriptions as they are now. What it shows of the event is the subscription's own view: a
field that it may not see is in none of it.
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from gateway.admin.lifecycle import select_subscriptions
from gateway.domain.changes import require
from gateway.domain.delivery import Delivery, delivery_id_of
from gateway.domain.errors import InvalidInputError
from gateway.domain.event import Event
from gateway.domain.matching import SubscriptionIndex, matches_pattern
from gateway.domain.outcome import Reason
from gateway.domain.subscription import Subscription, SubscriptionState, granted_paths
from gateway.domain.versions import VersionRule, version_rule
from gateway.shaping.drafts import TOO_FAR_AHEAD, DraftedEvent, Refusal, draft_event
from gateway.shaping.expressions import Subject
from gateway.shaping.filter_parts import PartValue, values_of_parts
from gateway.shaping.filters import Rule as FilterRule
from gateway.shaping.routing import Router, decide
from gateway.shaping.views import View, Views
from gateway.wire.catalog import Catalog
from gateway.wire.event_codec import DecodedEvent
from gateway.wire.moments import describe_moment

_MAX_LISTED = 10


class Rule(Enum):
    """What decided, in the order in which it is asked."""

    TENANT = "tenant"
    DISABLED = "disabled"
    EVENT_TYPE = "event_type"
    TOO_FAR_AHEAD = "too_far_ahead"
    PROJECTION_FAILED = "projection_failed"
    FILTER = "filter"
    ON_FILTER_ERROR = "on_filter_error"
    TRANSFORM_FAILED = "transform_failed"
    TOO_LARGE = "too_large"
    NO_FILTER = "no_filter"


class Verdict(Enum):
    """What a subscription gets: a request, one that is kept until it is resumed, a dead letter, or nothing."""

    SENT = "sent"
    KEPT = "kept"
    DEAD_LETTER = "dead_letter"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Sight:
    """What a subscription sees of an event.

    Attributes:
        version: the schema version that it gets.
        version_rule: why this one.
        hidden: the sensitive fields that it does not see, by their paths.
    """

    version: int
    version_rule: VersionRule
    hidden: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FilterAnswer:
    """What a filter says of the event.

    Attributes:
        result: true or false; None where it failed.
        view: what it is asked on.
        subject: the event in this view.
        text: the filter.
    """

    result: bool | None
    view: View
    subject: Subject
    text: str

    def parts(self) -> list[PartValue]:
        """Give the values of its parts; none where it can't be compiled."""
        try:
            return values_of_parts(self.view.expressions, self.text, self.subject)
        except InvalidInputError:
            return []


@dataclass(frozen=True, slots=True)
class Explanation:
    """What an event means for one subscription.

    Attributes:
        subscription: which one.
        verdict: what it gets.
        rule: what decided that.
        detail: more about the rule, for people; None where it says everything.
        pattern: which of its event types covers the event's, or None.
        sight: what it sees of the event; None where it was not asked.
        filter: what its filter says; None where there is none, or it was not asked.
        delivery: the delivery that is planned, or None.
    """

    subscription: Subscription
    verdict: Verdict
    rule: Rule
    detail: str | None = None
    pattern: str | None = None
    sight: Sight | None = None
    filter: FilterAnswer | None = None
    delivery: Delivery | None = None


@dataclass(frozen=True, slots=True)
class ExplainedEvent:
    """What an event means for the subscriptions of its tenant.

    Attributes:
        event: the event.
        refusal: why it would become no deliveries at all but go to events.rejected, or None.
        explanations: by subscription id.
    """

    event: Event
    refusal: Refusal | None
    explanations: tuple[Explanation, ...]


class Explainer:
    """Explains events.

    Args:
        catalog: the known event types and versions.
        index: the subscriptions.
        max_body_bytes: how many bytes a body may have.
    """

    def __init__(self, catalog: Catalog, index: SubscriptionIndex, *, max_body_bytes: int) -> None:
        self._views = Views(catalog)
        self._index = index
        self._router = Router(self._views, index, max_body_bytes=max_body_bytes, filter_failed=_unheard)

    def explain(self, decoded: DecodedEvent, *, now_ms: int, subscription_id: str | None = None) -> ExplainedEvent:
        """Explain an event to the subscriptions of its tenant, or to one of any tenant.

        Args:
            decoded: the event.
            now_ms: when the stream reads it, milliseconds since the epoch.
            subscription_id: only this one; None for all of the tenant.

        Raises:
            NotFoundError: there is no such subscription.
        """
        drafted = draft_event(self._router, decoded, now_ms=now_ms)
        one_event = _OneEvent(self._views, decoded, drafted)
        asked = self._asked(decoded.event.tenant, subscription_id)
        return ExplainedEvent(decoded.event, drafted.refusal, tuple(one_event.explain(one) for one in asked))

    def _asked(self, tenant: str, subscription_id: str | None) -> Sequence[Subscription]:
        if subscription_id is not None:
            return (require(self._index, subscription_id),)
        return select_subscriptions(self._index, tenant=tenant)


class _OneEvent:
    """Explains one event to one subscription after the other.

    Args:
        views: of the catalog.
        decoded: the event.
        drafted: what it becomes.
    """

    def __init__(self, views: Views, decoded: DecodedEvent, drafted: DraftedEvent) -> None:
        self._views = views
        self._decoded = decoded
        self._event = decoded.event
        self._refusal = drafted.refusal
        self._planned = {
            name: (draft.failure, plan.first)
            for draft in drafted.drafts
            for plan, _ in draft.plans
            for name in plan.subscription_ids
        }
        # By view: what filters are asked on is made once for all of them.
        self._subjects: dict[View, Subject] = {}

    def explain(self, subscription: Subscription) -> Explanation:
        """Explain it to one subscription: the first rule that decides."""
        event_type = self._event.event_type
        if subscription.tenant != self._event.tenant:
            detail = f"the event is of tenant {self._event.tenant}, the subscription of tenant {subscription.tenant}"
            return Explanation(subscription, Verdict.NOTHING, Rule.TENANT, detail)
        pattern = next((each for each in subscription.event_types if matches_pattern(each, event_type)), None)
        if subscription.state is SubscriptionState.DISABLED:
            return Explanation(subscription, Verdict.NOTHING, Rule.DISABLED, _why_disabled(subscription), pattern)
        if pattern is None:
            detail = _near_miss(subscription.event_types, event_type)
            return Explanation(subscription, Verdict.NOTHING, Rule.EVENT_TYPE, detail)
        if self._refusal is not None and self._refusal.reason == TOO_FAR_AHEAD:
            return Explanation(subscription, Verdict.NOTHING, Rule.TOO_FAR_AHEAD, self._refusal.detail, pattern)
        return self._explain_content(subscription, pattern)

    def _explain_content(self, subscription: Subscription, pattern: str) -> Explanation:
        view, sight = self._sight(subscription)
        failure, first = self._planned.get(subscription.subscription_id, (None, None))
        delivery = None if first is None else _delivery_to(first, subscription)
        explanation = Explanation(
            subscription, Verdict.NOTHING, Rule.NO_FILTER, pattern=pattern, sight=sight, delivery=delivery
        )
        if view is not None and not (failure and failure.reason is Reason.PROJECTION_FAILED):
            subject = self._subject(view)
            decision = decide(subscription, view, subject)
            answer = None
            if subscription.filter is not None:
                result = decision.is_wanted if decision.rule is FilterRule.FILTER else None
                answer = FilterAnswer(result, view, subject, subscription.filter)
            rule = Rule(decision.rule.value)
            explanation = replace(explanation, rule=rule, detail=decision.detail, filter=answer)
        if failure is not None:
            rejected = self._refusal is not None
            return replace(
                explanation,
                verdict=Verdict.NOTHING if rejected else Verdict.DEAD_LETTER,
                rule=Rule(failure.reason.value),
                detail=failure.detail,
                delivery=None if rejected else delivery,
            )
        if delivery is None:
            return explanation
        paused = subscription.state is SubscriptionState.PAUSED
        return replace(explanation, verdict=Verdict.KEPT if paused else Verdict.SENT)

    def _sight(self, subscription: Subscription) -> tuple[View | None, Sight]:
        event_type = self._event.event_type
        version = self._views.version(subscription, event_type)
        view = self._views.get(event_type, version, granted_paths(subscription.sensitive_grants, event_type))
        rule = version_rule(subscription.pins, event_type, follow_latest=subscription.follow_latest)
        return view, Sight(version, rule, () if view is None else tuple(sorted(view.hidden)))

    def _subject(self, view: View) -> Subject:
        found = self._subjects.get(view)
        if found is None:
            found = self._subjects[view] = Subject(self._event, view.data_of(self._decoded))
        return found


def _delivery_to(first: Delivery, subscription: Subscription) -> Delivery:
    """Give a plan's delivery to one of those that it is for."""
    subscription_id = subscription.subscription_id
    delivery_id = delivery_id_of(first.event_id, subscription_id)
    return replace(first, subscription_id=subscription_id, delivery_id=delivery_id)


def _why_disabled(subscription: Subscription) -> str:
    since = subscription.state_changed_at_ms
    reason = subscription.state_reason or "no reason was given"
    return reason if since is None else f"since {describe_moment(since)}: {reason}"


def _near_miss(patterns: Sequence[str], event_type: str) -> str:
    close = difflib.get_close_matches(event_type, patterns, n=1)
    listed = ", ".join(patterns[:_MAX_LISTED]) + (", …" if len(patterns) > _MAX_LISTED else "")
    nearest = f"; the nearest is {close[0]}" if close and len(patterns) > 1 else ""
    return f"it gets {listed}{nearest}"


def _unheard(_subscription: Subscription, _event_id: str, _reason: str) -> None:
    """Note nothing: to explain an event is not to process it."""
