"""The receiving side of a test: a test receiver in this process, and the subscriptions that point to it."""

import asyncio
from dataclasses import dataclass
from uuid import uuid4

from gateway.domain.secret import HmacSecret
from gateway.domain.topics import TopicLayout
from gateway.kafka.partitioning import partition_of
from gateway.receiver.received import ReceivedRequest
from gateway.receiver.sandbox import Sandbox
from tests.e2e.running import GatewayHome, until

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


def _new_name(beside: str | None) -> str:
    while True:
        name = f"s{uuid4().hex[:12]}"
        if beside is None or _partition_of(name) == _partition_of(beside):
            return name


def _partition_of(name: str) -> int:
    return partition_of(name.encode(), TopicLayout(()).delivery_partitions)
