"""Whose deliveries go where: the host of each subscription, kept as the topic has it.

For views that name endpoints. It keeps an id and a host of each, and nothing else.
"""

from gateway.domain.endpoint import host_as_given
from gateway.domain.subscription import Subscription
from gateway.kafka.compacted_log import CompactedLog, TableChange
from gateway.kafka.config import KafkaConfig
from gateway.kafka.errors import translated_errors
from gateway.kafka.subscription_table import subscription_kind

_STALL_TIMEOUT_S = 10.0


class EndpointDirectory:
    """The hosts, by subscription. Blocking, for one thread.

    Args:
        config: how to reach Kafka.

    Raises:
        TopicMissingError: the topic has not been created.
        UnavailableError: Kafka does not answer.
    """

    def __init__(self, config: KafkaConfig) -> None:
        self._log = CompactedLog(config, subscription_kind())
        self._hosts: dict[str, str] = {}
        with translated_errors(config):
            self._log.open()
            self._log.hand_on(self._take, stall_timeout_s=_STALL_TIMEOUT_S)

    def host_of(self, subscription_id: str) -> str | None:
        """Give the host that a subscription's deliveries go to, as its URL has it; None for a deleted one."""
        return self._hosts.get(subscription_id)

    def refresh(self) -> None:
        """Take in what has changed, as far as it is here already."""
        while changes := self._log.read(0):
            self._take(changes)

    def close(self) -> None:
        """Let go of the broker."""
        self._log.close()

    def _take(self, changes: list[TableChange[Subscription]]) -> None:
        for subscription_id, one in changes:
            if one is None:
                self._hosts.pop(subscription_id, None)
            else:
                self._hosts[subscription_id] = host_as_given(one.url)
