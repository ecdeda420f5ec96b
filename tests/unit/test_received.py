"""What the test receiver counts and keeps."""

import pytest

from gateway.receiver import received as module
from gateway.receiver.received import InboxCounts, InboxStats, ReceivedRequest, ReceivedStore


def request(seq: int, name: str = "a") -> ReceivedRequest:
    """Make a request that matters by its number and inbox only."""
    return ReceivedRequest(seq, name, 0, f"evt_{seq}", None, 1, None, None, 200, {}, "")


def store_of(*requests: ReceivedRequest, keep: int = 100) -> ReceivedStore:
    """Fill a store."""
    store = ReceivedStore(keep)
    for one in requests:
        store.add(one)
    return store


def seqs(requests: list[ReceivedRequest]) -> list[int]:
    """Name requests by their numbers."""
    return [one.seq for one in requests]


def test_counts_tell_repeats_and_acceptance_apart() -> None:
    """An id that fails, repeats and is then accepted counts once as id and once as accepted id."""
    counts = InboxCounts()
    assert counts.count_request("evt_1", verified=True) == 1
    assert counts.count_request("evt_1", verified=True) == 2
    assert counts.count_request("evt_2", verified=False) == 1
    assert counts.count_request(None, verified=None) is None
    counts.count_accepted("evt_1")
    counts.count_accepted("evt_1")
    counts.count_accepted(None)
    assert counts.stats == InboxStats(
        received=4, verified=2, rejected=1, unverified=1, accepted=3, distinct_ids=2, accepted_ids=1, repeats=1
    )


def test_known_ids_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the bound the oldest id is forgotten; the counts go on."""
    monkeypatch.setattr(module, "MAX_COUNTED_IDS", 2)
    counts = InboxCounts()
    for webhook_id in ("a", "b", "c"):
        counts.count_request(webhook_id, verified=None)
    assert counts.count_request("c", verified=None) == 2
    assert counts.count_request("a", verified=None) == 1
    counts.count_accepted("b")
    assert (counts.stats.distinct_ids, counts.stats.accepted_ids) == (4, 0)


def test_the_newest_requests_are_kept() -> None:
    """The store holds so many and no more."""
    store = store_of(*(request(seq) for seq in range(1, 6)), keep=3)
    assert seqs(store.select()) == [3, 4, 5]


def test_selecting() -> None:
    """Without `after` the newest are given, with it the next ones, always oldest first."""
    store = store_of(request(1), request(2, "b"), request(3), request(4, "b"), request(5))
    assert seqs(store.select(limit=2)) == [4, 5]
    assert seqs(store.select(after=1, limit=2)) == [2, 3]
    assert seqs(store.select(name="a", limit=2)) == [3, 5]
    assert seqs(store.select(name="b", after=2)) == [4]
    assert seqs(store.select(after=5)) == []
    assert seqs(store.select(limit=0)) == []


def test_clearing() -> None:
    """One inbox or all are cleared; numbers go on."""
    store = ReceivedStore(10)
    store.add(request(store.take_seq()))
    store.add(request(store.take_seq(), "b"))
    assert store.clear("a") == 1
    assert seqs(store.select()) == [2]
    assert store.clear() == 1
    assert store.select() == []
    assert store.take_seq() == 3
