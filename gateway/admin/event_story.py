"""All that is told of an event: what it means for subscriptions as they are now, and what became of it."""

from dataclasses import dataclass

from gateway.admin.explanation import ExplainedEvent, Explanation
from gateway.admin.past_event import PastEvent
from gateway.domain.history import DeliveryHistory


@dataclass(frozen=True, slots=True)
class SubscriptionStory:
    """What is told of an event and one subscription.

    Attributes:
        subscription_id: which one.
        explanation: what the event means for it now; None where it is there no more, or the event can't be read.
        history: what became of its delivery; None where there is none, or it was not found.
        note: how the subscription has changed since the event was published, for people; None where it has not.
    """

    subscription_id: str
    explanation: Explanation | None
    history: DeliveryHistory | None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class EventStory:
    """What is told of an event.

    Attributes:
        explained: what it means now; None where it can't be read.
        past: what became of it; None of an event that was not published.
        subscription_id: the only subscription that is asked about; None for all of the tenant.
    """

    explained: ExplainedEvent | None
    past: PastEvent | None
    subscription_id: str | None = None

    def subscriptions(self) -> list[SubscriptionStory]:
        """Give what is told of each subscription: first those that there are, then those that only had a delivery."""
        found = [] if self.past is None else self.past.deliveries.histories
        histories = {each.subscription_id: each for each in found}
        told = []
        for explanation in () if self.explained is None else self.explained.explanations:
            subscription_id = explanation.subscription.subscription_id
            history = histories.pop(subscription_id, None)
            told.append(SubscriptionStory(subscription_id, explanation, history, self._note(explanation)))
        told += [
            SubscriptionStory(subscription_id, None, history)
            for subscription_id, history in sorted(histories.items())
            if self.subscription_id in {None, subscription_id}
        ]
        return told

    def _note(self, explanation: Explanation) -> str | None:
        record = None if self.past is None else self.past.record
        subscription = explanation.subscription
        if record is None or subscription.updated_at_ms <= record.timestamp_ms:
            return None
        created_later = subscription.created_at_ms > record.timestamp_ms
        return "created after the event" if created_later else "changed after the event"
