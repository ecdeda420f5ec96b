"""How the story of an event looks to people: the event, a table of subscriptions, and a block for each of them."""

import base64
from collections.abc import Iterator, Sequence

from gateway.admin.event_story import EventStory, SubscriptionStory
from gateway.admin.explanation import Explanation, Rule, Verdict
from gateway.admin.past_event import PastEvent
from gateway.admin.request_preview import MADE_WHEN_SENT, preview_headers
from gateway.cli.delivery_views import history_block, state_text
from gateway.cli.filter_views import part_lines
from gateway.domain.content_headers import AVRO_TYPE
from gateway.domain.delivery import Delivery, RejectedEvent
from gateway.domain.event import Event
from gateway.domain.history import DeliveryHistory
from gateway.domain.subscription import OnFilterError, Subscription
from gateway.domain.versions import VersionRule
from gateway.wire.event_codec import EventRecord
from gateway.wire.moments import describe_moment

COLUMNS = ("SUBSCRIPTION", "GETS IT", "WHY")
PAST_COLUMNS = (*COLUMNS, "WHAT CAME OF IT")
_SHOWN_BODY_CHARS = 4000
_VERDICTS = {
    Verdict.SENT: "yes",
    Verdict.KEPT: "when resumed",
    Verdict.DEAD_LETTER: "dead letter",
    Verdict.NOTHING: "no",
}
_VERDICTS_IN_WORDS = {
    Verdict.SENT: "gets it",
    Verdict.KEPT: "gets it when it is resumed",
    Verdict.DEAD_LETTER: "gets a dead letter",
    Verdict.NOTHING: "does not get it",
}
RULES_IN_WORDS = {
    Rule.TENANT: "{detail}",
    Rule.DISABLED: "it is disabled {detail}",
    Rule.EVENT_TYPE: "no event type of it covers this one: {detail}",
    Rule.TOO_FAR_AHEAD: "{detail}",
    Rule.PROJECTION_FAILED: "projection_failed: {detail}",
    Rule.FILTER: "its filter is {result}",
    Rule.ON_FILTER_ERROR: "its filter failed, then it is {then}: {detail}",
    Rule.TRANSFORM_FAILED: "transform_failed: {detail}",
    Rule.TOO_LARGE: "too_large: {detail}",
    Rule.NO_FILTER: "{pattern} covers it",
}
_VERSION_RULES = {
    VersionRule.PINNED: "pinned",
    VersionRule.LATEST: "the latest, which it follows",
    VersionRule.FIRST: "the first one: it has no pin of this type",
}


def event_lines(story: EventStory) -> Iterator[str]:
    """Give the lines about the event itself."""
    past, explained = story.past, story.explained
    if explained is not None:
        yield _event_line(explained.event)
    elif past is not None:
        yield f"event {past.event_id}"
    if past is not None:
        yield from _past_lines(past)
    if explained is None:
        return
    if explained.refusal is not None:
        yield f"  refused      {explained.refusal.reason}: {explained.refusal.detail}; it goes to events.rejected"
    if not explained.explanations:
        yield f"  nobody       tenant {explained.event.tenant} has no subscriptions"
    elif past is not None:
        yield "  Who gets it, and why, is told as the subscriptions are now."


def _event_line(event: Event) -> str:
    subject = "" if event.subject is None else f"  subject {event.subject}"
    return f"event {event.event_id}  {event.event_type} version {event.schema_version}  tenant {event.tenant}{subject}"


def _past_lines(past: PastEvent) -> Iterator[str]:
    if past.record is None:
        yield "  record       not found in what was read; what is told below is older or was kept longer"
    for number, record in enumerate(past.found.records):
        yield f"  {'repeated' if number else 'published':<13}{_place(record)}"
    if past.found.omitted:
        yield f"  repeated     {past.found.omitted:,} times more"
    if len(past.found.records) > 1:
        yield "               a repeat within the duplicate window is delivered once; the first one is explained"
    if past.undecodable is not None:
        yield f"  unreadable   {past.undecodable.reason}: {past.undecodable.message}"
    for rejected in past.found.rejections:
        yield f"  rejected     {_rejection(rejected)}"
    if past.is_processed is False:
        yield "  stream       has not read it yet"


def _place(record: EventRecord) -> str:
    return f"{describe_moment(record.timestamp_ms)}  {record.topic}-{record.partition}@{record.offset}"


def _rejection(rejected: RejectedEvent) -> str:
    return f"{describe_moment(rejected.rejected_at_ms)}  {rejected.reason}: {rejected.detail}"


def overview_rows(story: EventStory, subscriptions: Sequence[SubscriptionStory]) -> list[tuple[str, ...]]:
    """Give the cells of COLUMNS, or of PAST_COLUMNS where the event was published."""
    rows = []
    for each in subscriptions:
        explanation = each.explanation
        if explanation is None:
            cells = ("", "" if story.explained is None else "there is no such subscription any more")
        else:
            note = "" if each.note is None else f" ({each.note})"
            cells = (_VERDICTS[explanation.verdict], why(explanation) + note)
        came = () if story.past is None else (_what_came(each.history, story.past),)
        rows.append((each.subscription_id, *cells, *came))
    return rows


def why(explanation: Explanation) -> str:
    """Say in a line which rule decided."""
    sends = explanation.subscription.on_filter_error is OnFilterError.SEND
    said = RULES_IN_WORDS[explanation.rule].format(
        detail=explanation.detail,
        pattern=explanation.pattern,
        result="" if explanation.filter is None else str(explanation.filter.result).lower(),
        then="sent" if sends else "not sent",
    )
    return said + ("; it is paused" if explanation.verdict is Verdict.KEPT else "")


def _what_came(history: DeliveryHistory | None, past: PastEvent) -> str:
    if history is None:
        return "no delivery" if past.is_processed is not False else "not read by the stream yet"
    reason = f" ({history.reason})" if history.reason else ""
    if not history.attempts:
        return f"{state_text(history)}{reason}"
    last = history.attempts[-1]
    answer = f"HTTP {last.status}" if last.status is not None else str(last.error)
    tried = f"{answer} at {describe_moment(last.started_at_ms)}, attempt {len(history.attempts)}"
    return f"{state_text(history)}{reason}: {tried}"


def detail_lines(story: SubscriptionStory) -> Iterator[str]:
    """Give the block of one subscription."""
    explanation = story.explanation
    if explanation is not None:
        yield from _explanation_lines(explanation, story.note)
    if story.history is None:
        return
    if explanation is not None:
        yield ""
    yield from history_block(story.history)


def _explanation_lines(explanation: Explanation, note: str | None) -> Iterator[str]:
    subscription, sight, delivery = explanation.subscription, explanation.sight, explanation.delivery
    yield f"{subscription.subscription_id} {_VERDICTS_IN_WORDS[explanation.verdict]}"
    yield f"  why          {why(explanation)}"
    if note is not None:
        yield f"  note         {note}, at {describe_moment(subscription.updated_at_ms)}"
    if sight is not None:
        yield f"  version      {sight.version}, {_VERSION_RULES[sight.version_rule]}"
        if sight.hidden:
            yield f"  left out     {', '.join(sight.hidden)} (sensitive, not granted)"
    if explanation.filter is not None:
        yield f"  filter       {explanation.filter.text}"
        yield from (f"                 {line}" for line in part_lines(explanation.filter.parts()))
    if delivery is not None and delivery.reason is None:
        yield from _request_lines(subscription, delivery)


def _request_lines(subscription: Subscription, delivery: Delivery) -> Iterator[str]:
    yield f"  delivery id  {delivery.delivery_id}"
    yield f"  request      POST {subscription.url}"
    for name, value in preview_headers(subscription, delivery):
        untold = "<made when it is sent>" if name.lower() in MADE_WHEN_SENT else "<sealed>"
        yield f"    {name}: {untold if value is None else value}"
    yield ""
    yield f"    {_shown_body(delivery)}"


def _shown_body(delivery: Delivery) -> str:
    if delivery.content_type == AVRO_TYPE:
        text = f"base64: {base64.b64encode(delivery.body).decode()}"
    else:
        text = delivery.body.decode()
    if len(text) <= _SHOWN_BODY_CHARS:
        return text
    return f"{text[:_SHOWN_BODY_CHARS]}… ({len(delivery.body):,} bytes; --json has all of them)"
