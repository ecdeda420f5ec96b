"""How many deliveries the stream has planned: the length of the topic `deliveries`, asked of the broker."""

import time

from gateway.domain.errors import GatewayError
from gateway.domain.topics import DELIVERIES
from gateway.kafka.config import KafkaConfig
from gateway.kafka.lag import EndOffsets
from gateway.services.bench.rig import Gateway

_LOOK_S = 0.1
_STALL_S = 60.0


class PlannedDeliveries:
    """Counts what the stream has planned, on the broker that it is given."""

    def __init__(self, config: KafkaConfig) -> None:
        self._ends = EndOffsets(config, (DELIVERIES,))

    def count(self) -> int:
        """Give how many deliveries were ever planned.

        Raises:
            GatewayError: Kafka does not answer for a minute.
        """
        give_up_at = time.monotonic() + _STALL_S
        while (ends := self._ends.ask()) is None:
            # Under full load the broker may take longer than one request waits.
            if time.monotonic() > give_up_at:
                raise GatewayError(f"the benchmark's broker did not answer for {_STALL_S:.0f} s")
        return sum(ends.values())

    def await_count(self, wanted: int, gateway: Gateway) -> None:
        """Wait until so many are planned.

        Raises:
            GatewayError: a process ended, or none was planned for a minute.
        """
        last, since_s = -1, time.monotonic()
        while (planned := self.count()) < wanted:
            gateway.check()
            if planned != last:
                last, since_s = planned, time.monotonic()
            elif time.monotonic() - since_s > _STALL_S:
                raise GatewayError(f"the stream planned nothing for {_STALL_S:.0f} s")
            time.sleep(_LOOK_S)
