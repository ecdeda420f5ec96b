"""Dead letters marked as not wanted over HTTP, as `gateway dlq purge` does; of many, as many as were seen."""

import asyncio
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from gateway.console.access.caller import Caller, require_all_seen
from gateway.console.api.models import MAX_REPLAYED, Moment, Text
from gateway.console.api.parts import Parts
from gateway.console.api.replay_models import ReplayRequest
from gateway.console.api.routes import Answer, Call, Route, Scope
from gateway.domain.access import Role
from gateway.domain.errors import ConflictError, InvalidInputError
from gateway.domain.history import DeliveryHistory, DeliveryState
from gateway.domain.outcome import Reason
from gateway.domain.replay import ReplaySource
from gateway.kafka.config import KafkaConfig
from gateway.replay.dead_letters import DeadLetters, LetterFilter, found_of, is_wanted, letter_targets
from gateway.replay.letter_planner import complete_letters, letter_filter
from gateway.replay.replayer import Replayer

MAX_PURGED = 20_000


class PurgeRequest(BaseModel):
    """Which dead letters are not wanted any more: some by their ids, or a choice whose number was seen."""

    model_config = ConfigDict(extra="forbid")

    delivery_ids: Annotated[list[Text], Field(max_length=MAX_REPLAYED, description="these: all of them, or none")] = []
    subscription_ids: Annotated[list[Text], Field(max_length=1_000, description="all of these")] = []
    to_all: Annotated[bool, Field(description="of all subscriptions")] = False
    event_types: Annotated[list[Text], Field(max_length=100, description="order.created, order.*, …")] = []
    tenants: Annotated[list[Text], Field(max_length=100, description="whose")] = []
    reasons: Annotated[list[Reason], Field(max_length=50, description="given up for one of these")] = []
    since_ms: Annotated[Moment, Field(description="given up then or later")] | None = None
    until_ms: Annotated[Moment, Field(description="given up before")] | None = None
    dry_run: Annotated[bool, Field(description="count them only")] = False
    expected_count: (
        Annotated[
            int, Field(ge=0, description="how many of the choice there are, as a dry run said: else none is purged")
        ]
        | None
    ) = None

    def choice(self) -> ReplayRequest:
        """Give the choice as a replay of dead letters would have it: the rules are the same."""
        return ReplayRequest(
            source=ReplaySource.DEAD_LETTERS,
            subscription_ids=self.subscription_ids,
            to_all=self.to_all,
            since_ms=self.since_ms,
            until_ms=self.until_ms,
            event_types=self.event_types,
            tenants=self.tenants,
            reasons=self.reasons,
        )


class PurgedView(BaseModel):
    """How many dead letters there are, and whether they were purged."""

    count: int
    purged: bool


class PurgingApi:
    """The handler."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        # It reads the dead-letter topic, twice.
        self._purging = asyncio.Lock()

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route(
                "POST", "/dead-letters/purge", "purgeDeadLetters",
                "Mark dead letters as not wanted: they wait no more. Kafka keeps them for as long as all others.",
                "dead letters", Role.OPERATOR, self._purge, PurgedView, body=PurgeRequest, repeats=True,
                scope=Scope.TENANT,
            )
        ]  # fmt: skip

    async def _purge(self, call: Call) -> Answer:
        body: PurgeRequest = call.body
        if body.delivery_ids and (body.subscription_ids or body.to_all):
            raise InvalidInputError("give delivery_ids, or a choice")
        if not (body.delivery_ids or body.dry_run or body.expected_count is not None):
            raise InvalidInputError("say how many there are: expected_count", hint="dry_run counts them")
        require_all_seen(self._parts.table.index, body.subscription_ids, call.caller)
        async with self._purging:
            return Answer(await asyncio.to_thread(self._purged, body, call.caller))

    def _purged(self, body: PurgeRequest, caller: Caller) -> PurgedView:
        config = self._parts.config
        letters = _named(config, body, caller) if body.delivery_ids else _chosen(config, body, caller)
        if body.dry_run:
            return PurgedView(count=len(letters), purged=False)
        if body.expected_count not in {None, len(letters)}:
            raise ConflictError(
                f"there are {len(letters):,} dead letters now, not {body.expected_count:,}; nothing was purged",
                hint="look again at what would be purged",
            )
        if len(letters) > MAX_PURGED:
            raise InvalidInputError(
                f"at most {MAX_PURGED:,} at once", hint="choose a shorter time, or one subscription"
            )
        if letters:
            self._parts.audit(caller, "dead_letters_purged", letter_targets(letters))
            Replayer(config).purge(letters, now_ms=self._parts.clock(), confirmed=lambda _: None)
        return PurgedView(count=len(letters), purged=True)


def _named(config: KafkaConfig, body: PurgeRequest, caller: Caller) -> list[DeliveryHistory]:
    found = DeadLetters(config).find(LetterFilter(tuple(body.delivery_ids)))
    named = found_of([letter for letter in found.letters if caller.sees(letter.tenant)], body.delivery_ids)
    return [letter for letter in named if letter.state is DeliveryState.DEAD_LETTERED]


def _chosen(config: KafkaConfig, body: PurgeRequest, caller: Caller) -> list[DeliveryHistory]:
    choice = body.choice()
    wanted, _ = choice.wanted(caller), choice.chosen()
    return [
        letter
        for letter in complete_letters(DeadLetters(config).find(letter_filter(wanted)))
        if letter.state is DeliveryState.DEAD_LETTERED
        and is_wanted(letter, wanted)
        and _is_before(letter, body.until_ms)
    ]


def _is_before(letter: DeliveryHistory, until_ms: int | None) -> bool:
    return until_ms is None or (letter.dead_letter is not None and letter.dead_letter.at_ms < until_ms)
