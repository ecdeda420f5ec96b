"""Two tenants that have everything: what is one's is told from what is another's by a word in all of it."""

import asyncio
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import aiohttp
import orjson

from gateway.domain.delivery import delivery_id_of
from gateway.domain.signals import Signal, SignalKind
from gateway.domain.topics import DEAD_LETTERS, DELIVERIES, SIGNALS
from gateway.kafka.config import KafkaConfig
from gateway.kafka.confirmed_writer import ConfirmedWriter
from gateway.kafka.producer import OutRecord
from gateway.telemetry.clock import now_ms
from gateway.wire.signal_record import signal_codec
from tests.delivery_records import attempt_of, dead, planned
from tests.e2e.console import Console
from tests.integration.records_on_kafka import write_records

_REQUEST_S = 60.0


def any_word() -> str:
    """Make a word that nothing else has."""
    return f"w{uuid4().hex[:10]}"


@dataclass(frozen=True)
class Things:
    """What a tenant has; or would have, if there were such a tenant.

    Attributes:
        word: is the tenant's name, and in every id.
        replay: a replay of its events that has ended.
    """

    word: str = field(default_factory=any_word)
    replay: str = "rpl_none"

    @property
    def subscription(self) -> str:
        """Its subscription."""
        return f"sub-{self.word}"

    @property
    def event(self) -> str:
        """The event that was delivered to it."""
        return f"evt-{self.word}"

    @property
    def delivery(self) -> str:
        """The delivery of that, which was given up."""
        return delivery_id_of(self.event, self.subscription)

    @property
    def words(self) -> tuple[str, ...]:
        """By what its things are known."""
        return self.word, self.delivery, self.replay

    def filled(self, template: Any) -> Any:
        """Give a request for its things: `{tenant}`, `{subscription_id}` and so on are put in."""
        names = {
            "tenant": self.word,
            "subscription_id": self.subscription,
            "event_id": self.event,
            "delivery_id": self.delivery,
            "replay_id": self.replay,
        }
        text = orjson.dumps(template, default=str).decode()
        for name, value in names.items():
            text = text.replace(f"{{{name}}}", value)
        return orjson.loads(text)

    def masked(self, text: str) -> str:
        """Give a text without what it says of whose things it is about."""
        for word in self.words:
            text = text.replace(word, "(word)")
        return text


@dataclass(frozen=True)
class Answered:
    """An answer."""

    status: int
    text: str

    @property
    def is_granted(self) -> bool:
        """Whether it is what was asked for."""
        return self.status < HTTPStatus.BAD_REQUEST


async def ask(console: Console, token: str, method: str, path: str, body: object = None) -> Answered:
    """Ask with a token."""
    headers = {"Authorization": f"Bearer {token}"}
    data = None
    if body is not None:
        headers["Content-Type"] = "application/json"
        data = orjson.dumps(body)
    timeout = aiohttp.ClientTimeout(total=_REQUEST_S)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.request(method, f"{console.url}/api/v1{path}", data=data, headers=headers) as answer,
    ):
        return Answered(answer.status, await answer.text())


async def settled(console: Console, kafka: KafkaConfig) -> Things:
    """Give a new tenant a subscription, a dead letter, an attempt, a signal and a replay; wait for all of it."""
    things = Things()
    definition = {
        "id": things.subscription,
        "tenant": things.word,
        "url": f"http://127.0.0.1:1/{things.word}",
        "description": things.word,
        "event_types": ["order.created"],
    }
    status, problem, _ = await console.ask("POST", "/subscriptions", definition)
    assert status == HTTPStatus.CREATED, problem
    await asyncio.to_thread(_write, kafka, things)
    # Topics are indexed side by side: the attempt tells of the end, too, and may be there before the dead letter is.
    await console.until(
        f"/deliveries?tenant={things.word}",
        lambda page: [(one["attempts"], one["dead_lettered_at_ms"] is None) for one in page["items"]] == [(1, False)],
    )
    await console.until(f"/signals?subscription_id={things.subscription}", lambda page: page["items"])
    wanted = {"to_all": True, "tenants": [things.word], "since_ms": now_ms()}
    status, replay, _ = await console.ask("POST", "/replays", wanted)
    assert status == HTTPStatus.ACCEPTED, replay
    await console.until(f"/replays/{replay['replay_id']}", lambda told: told["state"] == "finished")
    return replace(things, replay=replay["replay_id"])


def attempt_again(kafka: KafkaConfig, things: Things) -> None:
    """Have one more attempt be made."""
    delivery = planned(things.event, things.subscription, at_ms=now_ms(), tenant=things.word)
    write_records(kafka, attempt_of(delivery, 2, "dead_lettered", at_ms=now_ms()))


def _write(kafka: KafkaConfig, things: Things) -> None:
    at_ms = now_ms() - 5_000
    delivery = planned(things.event, things.subscription, at_ms=at_ms, tenant=things.word)
    attempt = attempt_of(delivery, 1, "dead_lettered", at_ms=at_ms + 5)
    write_records(kafka, (DELIVERIES, delivery), attempt, (DEAD_LETTERS, dead(delivery, (attempt,), at_ms=at_ms + 30)))
    signal = Signal(
        things.subscription, things.word, at_ms + 40, SignalKind.DEAD_LETTERED, things.word, 1, things.delivery,
        things.event,
    )  # fmt: skip
    record = OutRecord(SIGNALS, things.subscription.encode(), signal_codec().encode(signal))
    ConfirmedWriter(kafka).write([record])
