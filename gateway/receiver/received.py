"""What the test receiver remembers: the newest requests, and counts per inbox. Memory is bounded throughout."""

import base64
import codecs
from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any

MAX_COUNTED_IDS = 250_000


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """One request to an inbox.

    Attributes:
        seq: its number, rising by one from 1 over all inboxes.
        name: the inbox.
        received_at_ms: when it came, milliseconds since the epoch.
        webhook_id: from the headers, or None.
        event_type: from the headers of its content mode, or the body's type, or None.
        attempt_count: which request with this id at this inbox it is, from 1; None without an id.
        verified: whether the signature fits; None where the inbox has no secret and nothing was checked.
        reason: why it was not verified, or None.
        answer: the status it is answered; None when it is held until the client gives up.
        headers: the headers, bounded in number and length.
        body: the beginning of the body as text; empty where it is none, as in the content mode `avro`.
        body_base64: the beginning of a body that is no text, or None.
    """

    seq: int
    name: str
    received_at_ms: int
    webhook_id: str | None
    event_type: str | None
    attempt_count: int | None
    verified: bool | None
    reason: str | None
    answer: int | None
    headers: dict[str, str]
    body: str
    body_base64: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Give the fields for JSON."""
        return asdict(self)


@dataclass(slots=True)
class InboxStats:
    """The counts of one inbox since it began or was cleared.

    Attributes:
        received: all requests.
        verified: those whose signature fits.
        rejected: those whose signature does not fit.
        unverified: those that nobody checked, for want of a secret.
        accepted: those that were answered 200.
        distinct_ids: different webhook ids.
        accepted_ids: different webhook ids that were answered 200 at least once.
        repeats: requests whose webhook id had been seen before.
    """

    received: int = 0
    verified: int = 0
    rejected: int = 0
    unverified: int = 0
    accepted: int = 0
    distinct_ids: int = 0
    accepted_ids: int = 0
    repeats: int = 0


@dataclass(slots=True)
class _SeenId:
    count: int = 0
    accepted: bool = False


@dataclass(slots=True)
class InboxCounts:
    """Counts the requests of one inbox.

    Of the ids, the last MAX_COUNTED_IDS new ones are known; an older one that comes again counts as new.
    """

    stats: InboxStats = field(default_factory=InboxStats)
    _ids: OrderedDict[str, _SeenId] = field(default_factory=OrderedDict)

    def count_request(self, webhook_id: str | None, *, verified: bool | None) -> int | None:
        """Count a request; give which one with its id it is."""
        stats = self.stats
        stats.received += 1
        stats.verified += verified is True
        stats.rejected += verified is False
        stats.unverified += verified is None
        if webhook_id is None:
            return None
        seen = self._ids.get(webhook_id)
        if seen is None:
            seen = self._ids[webhook_id] = _SeenId()
            stats.distinct_ids += 1
            if len(self._ids) > MAX_COUNTED_IDS:
                self._ids.popitem(last=False)
        else:
            stats.repeats += 1
        seen.count += 1
        return seen.count

    def count_accepted(self, webhook_id: str | None) -> None:
        """Count an answer of 200."""
        self.stats.accepted += 1
        seen = None if webhook_id is None else self._ids.get(webhook_id)
        if seen is not None and not seen.accepted:
            seen.accepted = True
            self.stats.accepted_ids += 1


class ReceivedStore:
    """The last `keep` requests of all inboxes, oldest first."""

    def __init__(self, keep: int) -> None:
        self._requests: deque[ReceivedRequest] = deque(maxlen=keep)
        self._next_seq = 1

    def take_seq(self) -> int:
        """Give the number for the next request."""
        seq = self._next_seq
        self._next_seq += 1
        return seq

    def add(self, request: ReceivedRequest) -> None:
        """Keep a request; the oldest gives way."""
        self._requests.append(request)

    def select(
        self, *, name: str | None = None, after: int | None = None, limit: int | None = None
    ) -> list[ReceivedRequest]:
        """List requests, oldest first.

        Args:
            name: of this inbox only.
            after: only those numbered higher, beginning with the oldest of them; None for the newest ones.
            limit: at most so many; None for all.
        """
        if after is None:
            newest = islice(self._of(reversed(self._requests), name), limit)
            return list(newest)[::-1]
        later = (request for request in self._of(iter(self._requests), name) if request.seq > after)
        return list(islice(later, limit))

    @staticmethod
    def _of(requests: Iterator[ReceivedRequest], name: str | None) -> Iterator[ReceivedRequest]:
        return (request for request in requests if name is None or request.name == name)

    def clear(self, name: str | None = None) -> int:
        """Forget the requests of one inbox or of all; give how many they were."""
        kept = [request for request in self._requests if name is not None and request.name != name]
        cleared = len(self._requests) - len(kept)
        self._requests.clear()
        self._requests.extend(kept)
        return cleared


def text_or_base64(body: bytes) -> tuple[str, str | None]:
    """Give the beginning of a body as `body` and `body_base64` of a request; it may be cut within a character."""
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(body), None
    except UnicodeDecodeError:
        return "", base64.b64encode(body).decode()


def excerpt(text: str, max_chars: int) -> str:
    """Give the beginning of a text as valid Unicode: headers of undecodable bytes carry lone surrogates."""
    return text[:max_chars].encode(errors="replace").decode()
