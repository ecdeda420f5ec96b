"""Step ③, after the bodies: the deliveries that an event becomes, one draft for each variant, or why it is rejected.

The stream writes them; `gateway explain` tells of them. Whether the event is refused is known before anything of it is
produced; beyond that, a draft is made when it is read, for there may be one for each of ten thousand subscriptions.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from gateway.domain.delivery import MAX_RECORD_BYTES
from gateway.domain.options import MAX_DEFERRAL_TEXT, is_too_far_ahead
from gateway.domain.outcome import Reason
from gateway.domain.planning import DeliveryPlan, PlannedContent, plan_deliveries
from gateway.shaping.routing import Failure, Router, Shaped
from gateway.wire.delivery_head import DeliveryFanOut
from gateway.wire.event_codec import DecodedEvent

TOO_FAR_AHEAD = "too_far_ahead"
TOO_LARGE = Reason.TOO_LARGE.value
# A delivery without a body has to fit in any case: beside the key it has ids and names.
_MAX_KEY_BYTES = MAX_RECORD_BYTES - 16_384


# Tuples, for they are made for every event: a frozen dataclass takes three times as long.
class Draft(NamedTuple):
    """The deliveries of one variant of an event, ready to be written.

    Attributes:
        plans: with what encodes them.
        failure: why they are stillborn, or None.
        largest: how many bytes the largest record has.
    """

    plans: list[tuple[DeliveryPlan, DeliveryFanOut]]
    failure: Failure | None
    largest: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an event becomes no deliveries although it can be read.

    Attributes:
        reason: `too_far_ahead` or `too_large`, as in events.rejected.
        detail: for people.
    """

    reason: str
    detail: str


class DraftedEvent(NamedTuple):
    """What becomes of an event.

    Attributes:
        drafts: one for each variant that somebody wants, made as they are read, once; they are not written where the
            event is refused.
        refusal: why it goes to events.rejected, or None.
    """

    drafts: Iterable[Draft]
    refusal: Refusal | None = None


def draft_event(router: Router, decoded: DecodedEvent, *, now_ms: int) -> DraftedEvent:
    """Draft the deliveries of an event.

    Args:
        router: knows who wants it, and in which form.
        decoded: the event.
        now_ms: the present, milliseconds since the epoch.
    """
    if is_too_far_ahead(decoded.options.not_before_ms, now_ms):
        detail = f"it is to be delivered more than {MAX_DEFERRAL_TEXT} from now"
        return DraftedEvent((), Refusal(TOO_FAR_AHEAD, detail))
    each_shaped = router.shape_each(decoded)
    too_large: list[Draft] = []
    key_bytes = len(decoded.event.key or b"")
    for shaped in each_shaped:
        draft = _draft(shaped, decoded, now_ms)
        if key_bytes > _MAX_KEY_BYTES:
            detail = f"its key has {key_bytes} bytes, at most {_MAX_KEY_BYTES} fit a delivery"
            return DraftedEvent((draft,), Refusal(TOO_LARGE, detail))
        if draft.failure is None or draft.failure.reason is not Reason.TOO_LARGE:
            # Somebody can be given it, or told that it can't be read: then it is not the event that is wrong.
            others = (_draft(other, decoded, now_ms) for other in each_shaped)
            return DraftedEvent(chain(too_large, (draft,), others))
        too_large.append(draft)
    excess = next((draft.failure.detail for draft in too_large if draft.failure), None)
    return DraftedEvent(too_large, None if excess is None else Refusal(TOO_LARGE, excess))


def _draft(shaped: Shaped, decoded: DecodedEvent, now_ms: int) -> Draft:
    _, version, granted, content = shaped
    if isinstance(content, Failure):
        return _stillborn(shaped, decoded, content, now_ms)
    planned = PlannedContent(version, content.content_type, content.body, content.headers, granted)
    plans, largest = _planned(shaped, decoded, planned, now_ms)
    if largest <= MAX_RECORD_BYTES:
        return Draft(plans, None, largest)
    detail = f"its delivery has {largest} bytes, at most {MAX_RECORD_BYTES} fit"
    return _stillborn(shaped, decoded, Failure(Reason.TOO_LARGE, detail), now_ms)


def _stillborn(shaped: Shaped, decoded: DecodedEvent, failure: Failure, now_ms: int) -> Draft:
    nothing = PlannedContent(shaped.version, "", b"", reason=failure.reason)
    plans, largest = _planned(shaped, decoded, nothing, now_ms)
    return Draft(plans, failure, largest)


def _planned(
    shaped: Shaped, decoded: DecodedEvent, content: PlannedContent, now_ms: int
) -> tuple[list[tuple[DeliveryPlan, DeliveryFanOut]], int]:
    """Give plans with what encodes them, and how many bytes the largest record has."""
    encoders, largest = [], 0
    plans = plan_deliveries(
        decoded.event,
        decoded.options,
        content,
        shaped.subscriptions,
        traceparent=decoded.traceparent,
        now_ms=now_ms,
    )
    for plan in plans:
        fan_out = DeliveryFanOut(plan.first)
        encoders.append((plan, fan_out))
        largest = max(largest, fan_out.largest(plan.subscription_ids))
    return encoders, largest
