"""What is asked and answered about deliveries, attempts and dead letters, as models."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from gateway.console.search import MAX_PAGE
from gateway.console.steps import StepTrigger
from gateway.domain.history import DeliveryState
from gateway.domain.subscription import SubscriptionState

MAX_ID_CHARS = 256
MAX_REPLAYED = 100
_LATEST_MS = 2**53
_SURROGATES = range(0xD800, 0xE000)


def _storable(text: str) -> str:
    if any(ord(char) in _SURROGATES or not ord(char) for char in text):
        raise ValueError("it is no text")
    return text


Text = Annotated[str, Field(min_length=1, max_length=MAX_ID_CHARS), AfterValidator(_storable)]
Moment = Annotated[int, Field(ge=0, le=_LATEST_MS)]
Limit = Annotated[int, Field(ge=1, le=MAX_PAGE, description="how many at most")]
Cursor = Annotated[str, Field(max_length=64, description="`next` of the page before")]
Trigger = Literal["event", "replay", "test"]
TRIGGERS: dict[StepTrigger, Trigger] = {
    StepTrigger.EVENT: "event",
    StepTrigger.REPLAY: "replay",
    StepTrigger.TEST: "test",
}


class Query(BaseModel):
    """Parameters of a query: no others are taken."""

    model_config = ConfigDict(extra="forbid")


class Paged(Query):
    """Parameters of every list."""

    limit: Limit = 50
    cursor: Cursor | None = None


class DeliveryQuery(Paged):
    """Which deliveries; what is left out is left open."""

    delivery_id: Text | None = None
    event_id: Text | None = None
    event_type: Text | None = None
    subscription_id: Annotated[list[Text], Field(max_length=100, description="may be repeated: any of them")] = []
    tenant: Text | None = None
    state: Annotated[list[DeliveryState], Field(max_length=10, description="may be repeated: any of them")] = []
    host: Annotated[Text, Field(description="of the subscription's endpoint, as it is now")] | None = None
    since_ms: Annotated[Moment, Field(description="planned then or later")] | None = None
    before_ms: Annotated[Moment, Field(description="planned before")] | None = None


class DeadLetterQuery(Paged):
    """Which dead letters; what is left out is left open."""

    event_type: Text | None = None
    subscription_id: Annotated[list[Text], Field(max_length=100, description="may be repeated: any of them")] = []
    tenant: Text | None = None
    reason: Annotated[Text, Field(description="why they were given up")] | None = None
    since_ms: Annotated[Moment, Field(description="planned then or later")] | None = None
    before_ms: Annotated[Moment, Field(description="planned before")] | None = None


class DeliveryView(BaseModel):
    """A delivery: the duty to bring one event to one subscription."""

    delivery_id: str
    event_id: str = Field(description="what the receiver knows as webhook-id")
    event_type: str
    subscription_id: str
    tenant: str
    at_ms: int = Field(description="when it was planned, else the earliest that is known of it")
    state: DeliveryState
    reason: str | None
    due_at_ms: int | None = Field(description="when it is tried next; null where nothing is scheduled")
    planned_at_ms: int | None
    replayed_at_ms: int | None
    dead_lettered_at_ms: int | None
    changed_at_ms: int
    attempts: int
    last_status: int | None
    last_error: str | None


# Of pages that are searched for in the index.
NEXT_FOUND = (
    "cursor of the next page; null on the last one. A page may have fewer items than were asked for, or none, and not "
    "be the last: where little fits, it ends after a moment, so that every answer is quick"
)
BACK_TO = "how far back was looked, by the time of what is listed; null: to the end"


class DeliveryPageView(BaseModel):
    """Deliveries, newest first."""

    items: list[DeliveryView]
    next: str | None = Field(description=NEXT_FOUND)
    back_to_ms: int | None = Field(description=BACK_TO)


class AttemptView(BaseModel):
    """One attempt, or the end of a delivery without one; what Kafka keeps no longer is null."""

    kind: Literal["attempt", "end"]
    attempt_number: int
    trigger: Trigger
    started_at_ms: int
    duration_ms: int
    status: int | None
    error: str | None
    outcome: str | None
    reason: str | None
    due_at_ms: int | None = Field(description="when the next attempt is due")
    error_detail: str | None
    response_excerpt: str | None
    response_headers: dict[str, str] | None


class BodyView(BaseModel):
    """What is sent. The body is not shown where it holds sensitive fields."""

    schema_version: int
    content_type: str
    size: int = Field(description="bytes")
    text: str | None
    base64: str | None
    withheld: list[str] = Field(description="the sensitive fields for which it is not shown")


class SentRequestView(BaseModel):
    """The request around a body, as it would be sent now."""

    url: str
    headers: dict[str, str | None] = Field(description="null where a value is not shown: signatures, custom headers")


class RecipientView(BaseModel):
    """The subscription that a delivery is for, as it is now."""

    subscription_id: str
    description: str
    url: str
    state: SubscriptionState
    state_reason: str | None
    max_attempts: int


class SourceView(BaseModel):
    """Where a record lies in Kafka."""

    topic: str
    partition: int
    offset: int


class DeliveryDetailView(BaseModel):
    """A delivery, with all that became of it."""

    delivery: DeliveryView
    attempts: list[AttemptView]
    body: BodyView | None = Field(description="null where Kafka keeps it no longer, or can't be asked")
    request: SentRequestView | None = Field(description="null where there is no body, or no such subscription any more")
    subscription: RecipientView | None = Field(description="null where it is there no more")
    source: SourceView | None = Field(description="where its event lies; null where Kafka keeps no record that tells")


class LetterGroupView(BaseModel):
    """Dead letters that have the subscription and the reason in common."""

    subscription_id: str
    reason: str | None
    count: int
    oldest_ms: int
    newest_ms: int


class LetterGroupsView(BaseModel):
    """The groups with most dead letters, largest first."""

    items: list[LetterGroupView]


class ReplayBody(BaseModel):
    """Which dead letters to begin again: all of them, or none."""

    model_config = ConfigDict(extra="forbid")

    delivery_ids: Annotated[list[Text], Field(min_length=1, max_length=MAX_REPLAYED)]
    again: bool = Field(default=False, description="also those that were replayed before")


class ReplayedView(BaseModel):
    """The deliveries that were begun again."""

    delivery_ids: list[str]
