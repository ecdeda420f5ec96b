"""An operator's replay of dead letters, begun again on `deliveries.replay`, where live ones go first; or their purge.

Each replay leaves a note in the dead-letter topic: the same record without its body and without
`dead_lettered_at_ms`. So that topic tells by itself what still waits. The note is written after the delivery is
confirmed: killed in between, a replay is offered again rather than lost, and a receiver knows the repeat by its
`webhook-id`.

A purge leaves a note alone, which says that nobody wants the letter any more. The letter stays where it is, for as long
as Kafka keeps it, and can still be replayed.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from gateway.domain.delivery import Delivery
from gateway.domain.errors import GatewayError
from gateway.domain.folding import HistoryRecord
from gateway.domain.history import DeliveryHistory
from gateway.domain.topics import DEAD_LETTERS, REPLAY_DELIVERIES
from gateway.kafka.config import KafkaConfig
from gateway.kafka.confirmed_writer import ConfirmedWriter
from gateway.kafka.delivery_log import DeliveryLog, LogQuery
from gateway.kafka.producer import OutRecord
from gateway.kafka.scan import ScanBounds, TopicScan, no_progress
from gateway.wire.records import delivery_codec

# Nothing but a batch is kept of what is read, so that only time bounds it.
_BOUNDS = ScanBounds(max_records=20_000_000, deadline_s=600)
_BATCH_DELIVERIES = 100
# A record's timestamp is its producer's, `dead_lettered_at_ms` may be another machine's.
_CLOCK_MARGIN_MS = 600_000


class Replayer:
    """Replays dead letters.

    Args:
        config: how to reach the cluster.
        progress: called with the records read and the records there are to read.
    """

    def __init__(self, config: KafkaConfig, progress: Callable[[int, int], None] = no_progress) -> None:
        self._config = config
        self._log = DeliveryLog(TopicScan(config, _BOUNDS, progress), (DEAD_LETTERS,))

    def replay(
        self, letters: Sequence[DeliveryHistory], *, now_ms: int, confirmed: Callable[[DeliveryHistory], None]
    ) -> None:
        """Begin the deliveries of dead letters again.

        The bodies are read from the topic a batch at a time: memory does not grow with the letters.

        Args:
            letters: which ones, as `find` gave them.
            now_ms: the present, milliseconds since the epoch.
            confirmed: called with each letter once Kafka has confirmed its replay.

        Raises:
            UnavailableError: Kafka does not answer or confirm; letters not given to `confirmed` still wait.
            GatewayError: a letter was not found again; the others are replayed.
        """
        self._settle(letters, _begin_again(ConfirmedWriter(self._config), now_ms), confirmed)

    def purge(
        self, letters: Sequence[DeliveryHistory], *, now_ms: int, confirmed: Callable[[DeliveryHistory], None]
    ) -> None:
        """Mark dead letters as not wanted; arguments and errors as for `replay`."""
        self._settle(letters, _mark_purged(ConfirmedWriter(self._config), now_ms), confirmed)

    def _settle(
        self,
        letters: Sequence[DeliveryHistory],
        write: "_WriteLetters",
        confirmed: Callable[[DeliveryHistory], None],
    ) -> None:
        if not letters:
            return
        batch = _LetterBatch(letters, write, confirmed)
        self._log.read(_query_for(letters), batch.take)
        batch.write()
        if batch.open:
            raise GatewayError(
                f"{len(batch.open)} of {len(letters)} dead letters could not be read again; the others are done",
                hint="run it again; what stays missing is past the topic's retention",
            )


_WriteLetters = Callable[[Sequence[Delivery]], None]


def _begin_again(writer: ConfirmedWriter, now_ms: int) -> _WriteLetters:
    """Give what writes replays: first the deliveries, then the notes that they are replayed."""

    def write(letters: Sequence[Delivery]) -> None:
        replays = [letter.replayed(_after(letter, now_ms)) for letter in letters]
        writer.write([_record(REPLAY_DELIVERIES, replay) for replay in replays])
        writer.write([_record(DEAD_LETTERS, replace(replay, body=b"")) for replay in replays])

    return write


def _mark_purged(writer: ConfirmedWriter, now_ms: int) -> _WriteLetters:
    """Give what writes the notes of purged letters."""

    def write(letters: Sequence[Delivery]) -> None:
        writer.write([_record(DEAD_LETTERS, letter.purged(_after(letter, now_ms))) for letter in letters])

    return write


def _after(letter: Delivery, now_ms: int) -> int:
    """Give the present: a clock that is behind must not date what follows before the letter."""
    return max(now_ms, letter.dead_lettered_at_ms or 0)


class _LetterBatch:
    """The second reading: picks each chosen letter's record, body and all, and has written what becomes of it."""

    def __init__(
        self,
        letters: Sequence[DeliveryHistory],
        write: _WriteLetters,
        confirmed: Callable[[DeliveryHistory], None],
    ) -> None:
        self._write = write
        self._confirmed = confirmed
        self._picked: list[Delivery] = []
        self._letters = {letter.delivery_id: letter for letter in letters}
        self.open = {letter.delivery_id: _given_up_at(letter) for letter in letters}

    def take(self, record: HistoryRecord) -> None:
        """Pick the record if it is a chosen letter's newest; a crash's repeat of it is picked once."""
        if isinstance(record, Delivery) and record.dead_lettered_at_ms is not None:
            if self.open.get(record.delivery_id) != record.dead_lettered_at_ms:
                return
            del self.open[record.delivery_id]
            self._picked.append(record)
            if len(self._picked) >= _BATCH_DELIVERIES:
                self.write()

    def write(self) -> None:
        """Have written what was picked."""
        self._write(self._picked)
        for picked in self._picked:
            self._confirmed(self._letters[picked.delivery_id])
        self._picked.clear()


def _given_up_at(letter: DeliveryHistory) -> int:
    if letter.dead_letter is None:
        raise ValueError(f"delivery {letter.delivery_id} is no dead letter")
    return letter.dead_letter.at_ms


def _query_for(letters: Sequence[DeliveryHistory]) -> LogQuery:
    subscriptions = {letter.subscription_id for letter in letters}
    return LogQuery(
        since_ms=max(0, min(map(_given_up_at, letters)) - _CLOCK_MARGIN_MS),
        subscription_id=subscriptions.pop() if len(subscriptions) == 1 else None,
        mentions=tuple(letter.delivery_id for letter in letters),
    )


def _record(topic: str, delivery: Delivery) -> OutRecord:
    return OutRecord(topic, delivery.subscription_id.encode(), delivery_codec().encode(delivery))
