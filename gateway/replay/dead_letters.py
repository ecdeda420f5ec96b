"""Dead letters: which ones wait for an operator, and which of them have been replayed. Reads only.

The dead-letter topic tells both by itself, for as long as it keeps its records: see `gateway.replay.replayer` for the
note that a replay leaves in it.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from gateway.domain.audit import ActionTarget
from gateway.domain.errors import ConflictError, NotFoundError
from gateway.domain.folding import HistoryBook, HistoryRecord
from gateway.domain.history import DeliveryHistory, DeliveryState
from gateway.domain.matching import matches_pattern
from gateway.domain.outcome import WITHOUT_BODY
from gateway.domain.replay import Wanted
from gateway.domain.topics import DEAD_LETTERS
from gateway.kafka.config import KafkaConfig
from gateway.kafka.delivery_log import DeliveryLog, LogQuery, LogReport
from gateway.kafka.scan import ScanBounds, TopicScan, no_progress

# Letters are kept without their bodies, about 1 KB each, until they are folded.
LIST_BOUNDS = ScanBounds(max_records=200_000, deadline_s=60)
_REASONS_WITHOUT_BODY = frozenset(reason.value for reason in WITHOUT_BODY)


@dataclass(frozen=True, slots=True)
class LetterFilter:
    """Which dead letters are wanted.

    Attributes:
        delivery_ids: only these, or None.
        subscription_id: only this subscription's, or None.
        reason: only those given up for this reason, or None.
        since_ms: only those in the topic since then, milliseconds since the epoch; 0 for all it keeps.
    """

    delivery_ids: tuple[str, ...] | None = None
    subscription_id: str | None = None
    reason: str | None = None
    since_ms: int = 0

    def admits(self, letter: DeliveryHistory) -> bool:
        """Tell whether a dead letter is wanted."""
        return letter.dead_letter is not None and self.reason in {None, letter.dead_letter.reason}

    def query(self) -> LogQuery:
        """What to read for it."""
        return LogQuery(self.since_ms, self.subscription_id, self.delivery_ids or ())


@dataclass(frozen=True, slots=True)
class LetterList:
    """The dead letters found, and how far the look went.

    Attributes:
        letters: the delivery that changed last comes first. One that waits is in the state DEAD_LETTERED; any other
            state means that a replay has begun since it was given up.
        report: what was read.
    """

    letters: list[DeliveryHistory]
    report: LogReport


def choose_waiting(letters: Iterable[DeliveryHistory], wanted: Wanted) -> list[DeliveryHistory]:
    """Give the dead letters that wait for a replay and are wanted."""
    return [letter for letter in letters if is_waiting(letter) and is_wanted(letter, wanted)]


def is_wanted(letter: DeliveryHistory, wanted: Wanted) -> bool:
    """Tell whether a dead letter is of those that somebody chooses, whether it waits or not."""
    return (
        (not wanted.subscription_ids or letter.subscription_id in wanted.subscription_ids)
        and (not wanted.tenants or letter.tenant in wanted.tenants)
        and (not wanted.reasons or (letter.dead_letter is not None and letter.dead_letter.reason in wanted.reasons))
        and any(matches_pattern(pattern, letter.event_type) for pattern in wanted.event_types)
    )


def has_body(letter: DeliveryHistory) -> bool:
    """Tell whether there is something to replay: not where none could be made for the subscription."""
    return letter.dead_letter is None or letter.dead_letter.reason not in _REASONS_WITHOUT_BODY


def is_waiting(letter: DeliveryHistory) -> bool:
    """Tell whether a dead letter waits for a replay, rather than having been replayed, or having no body to replay."""
    return letter.state is DeliveryState.DEAD_LETTERED and has_body(letter)


def found_of(letters: Sequence[DeliveryHistory], delivery_ids: Collection[str]) -> list[DeliveryHistory]:
    """Give the named letters, each once.

    Raises:
        NotFoundError: one is not in the dead-letter topic.
    """
    found = {letter.delivery_id: letter for letter in letters}
    missing = [delivery_id for delivery_id in delivery_ids if delivery_id not in found]
    if missing:
        raise NotFoundError(f"no dead letter of delivery {', '.join(missing)}; nothing was done")
    return [found[delivery_id] for delivery_id in dict.fromkeys(delivery_ids)]


def choose(letters: Sequence[DeliveryHistory], delivery_ids: Collection[str], *, again: bool) -> list[DeliveryHistory]:
    """Give the named letters, all or none.

    Args:
        letters: what was found.
        delivery_ids: which ones to replay.
        again: also those that have been replayed or purged before.

    Raises:
        NotFoundError: one is not in the dead-letter topic.
        ConflictError: one has no body, or was replayed already and `again` is not set.
    """
    chosen = found_of(letters, delivery_ids)
    bare = [f"{letter.delivery_id} ({letter.reason})" for letter in chosen if not has_body(letter)]
    if bare:
        raise ConflictError(
            f"there is no body to send: {', '.join(bare)}; nothing was replayed",
            hint="put right what the subscription asks for, then publish the event again",
        )
    replayed = [letter.delivery_id for letter in chosen if not is_waiting(letter)]
    if replayed and not again:
        raise ConflictError(
            f"replayed or purged already: {', '.join(replayed)}; nothing was replayed",
            hint="`gateway deliveries get` shows what became of it; --again replays it once more",
        )
    return chosen


def letter_targets(letters: Iterable[DeliveryHistory]) -> list[ActionTarget]:
    """Give what is done to dead letters as done to subscriptions: each, with how many of its deliveries."""
    counts = Counter((letter.subscription_id, letter.tenant) for letter in letters)
    return [
        ActionTarget(subscription_id, tenant, {"deliveries": deliveries})
        for (subscription_id, tenant), deliveries in counts.items()
    ]


class DeadLetters:
    """Reads the dead-letter topic.

    Args:
        config: how to reach the cluster.
        progress: called with the records read and the records there are to read.
    """

    def __init__(self, config: KafkaConfig, progress: Callable[[int, int], None] = no_progress) -> None:
        self._config = config
        self._log = DeliveryLog(TopicScan(config, LIST_BOUNDS, progress), (DEAD_LETTERS,))

    def find(self, wanted: LetterFilter) -> LetterList:
        """List dead letters, each delivery once, as its newest round left it.

        Raises:
            UnavailableError: no broker answers, or the topic is missing.
        """
        book = HistoryBook()

        def take(record: HistoryRecord) -> None:
            if wanted.delivery_ids is None or record.delivery_id in wanted.delivery_ids:
                book.add(record)

        report = self._log.read(wanted.query(), take)
        return LetterList([letter for letter in book.histories() if wanted.admits(letter)], report)
