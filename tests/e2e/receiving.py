"""The receiving side of a test: a test receiver in this process, and the subscriptions that point to it."""

import asyncio
from dataclasses import dataclass
from uuid import uuid4

from gateway.domain.delivery import Attempt, Delivery
from gateway.domain.secret import HmacSecret
from gateway.domain.topics import TopicLayout
from gateway.kafka.partitioning import partition_of
from gateway.receiver.received import ReceivedRequest
from gateway.receiver.sandbox import Sandbox
from tests.e2e.running import GatewayHome, until, until_seen
from tests.e2e.topic_contents import attempts, dead_letters

# Kafka gives a killed process's partitions away after 15 s, and the machine may be busy.
ARRIVAL_S = 90.0
SECRET = HmacSecret(bytes(range(32))).text


@dataclass(frozen=True, slots=True)
class Receiver:
    """A test receiver that checks every signature.

    Attributes:
        sandbox: the receiver.
        url: where it listens.
        home: where subscriptions are created.
    """

    sandbox: Sandbox
    url: str
    home: GatewayHome

    async def subscribe(
        self,
        *options: str,
        tenant: str | None = None,
        event_type: str = "*",
        url: str | None = None,
        beside: str | None = None,
    ) -> str:
        """Create a subscription; gives its id, which is also its inbox, and its tenant where none is given.

        Its deliveries lie in the same partitions as those of `beside`, where that is given.
        """
        name = _new_name(beside)
        where = ("--url", url or f"{self.url}/hooks/{name}", "--tenant", tenant or name, "--event-type", event_type)
        await self.gateway("subscriptions", "create", "--id", name, "--secret", SECRET, *where, *options)
        return name

    async def gateway(self, *arguments: str) -> str:
        """Run a command while the receiver goes on answering."""
        return await asyncio.to_thread(self.home.run, *arguments)

    def requests(self, inbox: str) -> list[ReceivedRequest]:
        """Give an inbox's requests, in the order of arrival."""
        return self.sandbox.received(inbox)

    def ids(self, inbox: str) -> list[str | None]:
        """Give the webhook ids that an inbox got, in the order of arrival."""
        return [request.webhook_id for request in self.requests(inbox)]

    async def until_accepted(self, count: int, *inboxes: str, timeout_s: float = ARRIVAL_S) -> None:
        """Wait until these inboxes have accepted so many different events, all together."""
        await until(
            lambda: self.accepted(*inboxes) >= count,
            timeout_s,
            lambda: {inbox: self.sandbox.stats(inbox) for inbox in inboxes},
        )

    def accepted(self, *inboxes: str) -> int:
        """Tell how many different events these inboxes have accepted, all together."""
        return sum(self.sandbox.stats(inbox).accepted_ids for inbox in inboxes)

    async def until_dead(self, subscription_id: str, count: int = 1) -> list[Delivery]:
        """Wait until a subscription has so many dead letters, and give them.

        The records of the attempts that they tell of are there, too: egress writes them beside the letters.
        """

        def look() -> tuple[list[Delivery], list[Attempt]]:
            return dead_letters(self.home.kafka, subscription_id), attempts(self.home.kafka, subscription_id)

        def is_whole(seen: tuple[list[Delivery], list[Attempt]]) -> bool:
            letters, recorded = seen
            told = {(letter.delivery_id, made.attempt_number) for letter in letters for made in letter.attempts}
            return len(letters) >= count and told <= {(each.delivery_id, each.attempt_number) for each in recorded}

        return (await until_seen(look, is_whole, ARRIVAL_S))[0]

    async def until_recorded(self, subscription_id: str, outcome: str, count: int) -> list[Attempt]:
        """Wait until so many attempts with an outcome are recorded, and give all; a receiver has had them before."""

        def is_enough(recorded: list[Attempt]) -> bool:
            return sum(each.outcome == outcome for each in recorded) >= count

        return await until_seen(lambda: attempts(self.home.kafka, subscription_id), is_enough, ARRIVAL_S)


def _new_name(beside: str | None) -> str:
    while True:
        name = f"s{uuid4().hex[:12]}"
        if beside is None or _partition_of(name) == _partition_of(beside):
            return name


def _partition_of(name: str) -> int:
    return partition_of(name.encode(), TopicLayout(()).delivery_partitions)
