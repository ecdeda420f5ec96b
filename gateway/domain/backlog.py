"""What waits for one subscription, told from outside its worker: from its cursors and the group's commits.

The rules of `gateway.domain.catch_up` the other way round. A record of a subscription is settled, or not, as told by

    the cursor of its event key, from that cursor on to where the subscription's own cursor or the commit takes over;
    the subscription's cursor, from that cursor on;
    the commit, for everything else.

Each of the three names an offset, below which everything is settled, and what is settled beyond it.
"""

from dataclasses import dataclass

from gateway.domain.delivery import Delivery
from gateway.domain.offsets import SettledBefore
from gateway.domain.waiting import waiting_since_ms


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a commit or a cursor has come.

    Attributes:
        offset: everything below is settled.
        settled: which offsets beyond are, see `gateway.domain.offsets`.
        due_at_ms: the record at `offset` is not tried before; 0 for at once.
    """

    offset: int
    settled: str = ""
    due_at_ms: int = 0


class OpenRecords:
    """Which records of a subscription are not settled in one partition.

    Args:
        commit: the group's.
        cursor: the subscription's, or None where it does not lag.
        key_cursors: those of single event keys.
    """

    def __init__(self, commit: Standing, cursor: Standing | None, key_cursors: dict[bytes, Standing]) -> None:
        self._commit, self._cursor, self._key_cursors = commit, cursor, key_cursors
        self._keys_end = min(commit.offset, cursor.offset) if cursor is not None else commit.offset
        self._settled = {
            standing: SettledBefore(standing.offset, standing.settled)
            for standing in (commit, cursor, *key_cursors.values())
            if standing is not None
        }

    @property
    def lowest(self) -> int:
        """The offset from which a look has to begin."""
        return min(standing.offset for standing in self._settled)

    def due_at_ms(self, offset: int, event_key: bytes | None) -> int | None:
        """Give from when on an open record is tried, 0 for at once; None for one that is settled."""
        standing = self._standing_for(offset, event_key)
        if offset < standing.offset or offset in self._settled[standing]:
            return None
        return standing.due_at_ms if offset == standing.offset else 0

    def _standing_for(self, offset: int, event_key: bytes | None) -> Standing:
        of_key = None if event_key is None else self._key_cursors.get(event_key)
        if of_key is not None and of_key.offset <= offset < max(self._keys_end, of_key.offset + 1):
            return of_key
        if self._cursor is not None and offset >= self._cursor.offset:
            return self._cursor
        return self._commit


@dataclass(slots=True)
class Backlog:
    """What waits for a subscription.

    Attributes:
        waiting: deliveries that are due: they wait for their turn, or are being sent.
        oldest_waiting_at_ms: since when the oldest of them waits, milliseconds since the epoch.
        retrying: deliveries that are due later: retries, and those that were published for later.
        next_retry_at_ms: when the next of these is due.
        complete: everything was looked at; if not, there may be more of both.
    """

    waiting: int = 0
    oldest_waiting_at_ms: int | None = None
    retrying: int = 0
    next_retry_at_ms: int | None = None
    complete: bool = True

    def add(self, delivery: Delivery, now_ms: int, *, due_at_ms: int = 0) -> None:
        """Count an open delivery.

        Args:
            delivery: as it lies in its topic.
            now_ms: the present, milliseconds since the epoch.
            due_at_ms: what its cursor says of it, see `OpenRecords.due_at_ms`.
        """
        due_at_ms = max(due_at_ms, delivery.due_at_ms, delivery.not_before_ms)
        if due_at_ms > now_ms:
            self.retrying += 1
            self.next_retry_at_ms = _earlier(self.next_retry_at_ms, due_at_ms)
        else:
            self.waiting += 1
            self.oldest_waiting_at_ms = _earlier(self.oldest_waiting_at_ms, waiting_since_ms(delivery))


def _earlier(one_ms: int | None, other_ms: int) -> int:
    return other_ms if one_ms is None else min(one_ms, other_ms)
