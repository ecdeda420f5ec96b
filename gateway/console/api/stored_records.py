"""The records of one delivery, read from Kafka by the places that the index has kept."""

import asyncio
from collections.abc import Sequence

import structlog

from gateway.console.steps import Place
from gateway.domain.errors import GatewayError
from gateway.domain.folding import HistoryRecord
from gateway.domain.topics import ATTEMPTS
from gateway.kafka.config import KafkaConfig
from gateway.kafka.record_reader import read_records
from gateway.wire.errors import UndecodableError
from gateway.wire.records import attempt_codec, delivery_codec

# Each look has a client of its own: so many at once are enough for people.
_AT_ONCE = 4
_log = structlog.get_logger()


class StoredRecords:
    """Reads records; for one event loop.

    Args:
        config: how to reach Kafka.
    """

    def __init__(self, config: KafkaConfig) -> None:
        self._config = config
        self._room = asyncio.Semaphore(_AT_ONCE)

    async def read(self, places: Sequence[Place]) -> dict[Place, HistoryRecord]:
        """Give the records that there still are; none where Kafka can't be asked: the index has the rest."""
        try:
            return await self.fetch(places)
        except GatewayError as error:
            _log.warning("console.records_not_read", why=error.message)
            return {}

    async def fetch(self, places: Sequence[Place]) -> dict[Place, HistoryRecord]:
        """Give the records that there still are.

        Raises:
            UnavailableError: Kafka can't be asked.
        """
        asked = [((place.topic, place.partition), place.offset) for place in places]
        async with self._room:
            found = await asyncio.to_thread(read_records, self._config, asked)
        records: dict[Place, HistoryRecord] = {}
        for (partition, offset), raw in found.items():
            codec = attempt_codec() if raw.topic == ATTEMPTS else delivery_codec()
            try:
                records[Place(*partition, offset)] = codec.decode(raw.value)
            except UndecodableError:
                continue
        return records
