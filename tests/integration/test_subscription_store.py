"""Writing subscriptions on a real broker: exclusive, all or nothing, visible when the call returns."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer

from gateway.domain.changes import Change, Put, revised
from gateway.domain.errors import ConflictError, UnavailableError
from gateway.domain.matching import SubscriptionIndex
from gateway.kafka.compacted_log import TopicMissingError
from gateway.kafka.config import KafkaConfig
from gateway.kafka.subscription_store import SubscriptionStore
from gateway.kafka.subscription_table import read_subscriptions
from tests.subscriptions import NOW_MS, StoreContract, subscription


@pytest.fixture
def topic(new_topic: Callable[..., str]) -> str:
    """A compacted topic of the test's own."""
    return new_topic(cleanup_policy="compact")


@pytest.fixture
def new_store(kafka: KafkaConfig, topic: str) -> Callable[[], SubscriptionStore]:
    """Make stores that write the same table, like processes of their own would."""
    return lambda: SubscriptionStore(kafka, topic=topic, transactional_id=topic)


class TestKafkaStore(StoreContract):
    """The store on Kafka keeps the contract of all stores."""

    @pytest.fixture
    def store(self, new_store: Callable[[], SubscriptionStore]) -> SubscriptionStore:
        """An empty table."""
        return new_store()


def _count_up(index: SubscriptionIndex) -> Sequence[Change]:
    """Read, add one, write: what loses counts when two do it at the same time."""
    current = index.get("counter")
    assert current is not None
    return (Put(revised(current, now_ms=NOW_MS, description=str(int(current.description) + 1))),)


def _count_up_times(kafka: KafkaConfig, topic: str, times: int) -> None:
    store = SubscriptionStore(kafka, topic=topic, transactional_id=topic)
    for _ in range(times):
        store.change(_count_up)


def test_concurrent_writers_lose_no_change(kafka: KafkaConfig, topic: str) -> None:
    """Three processes add to one counter: the sum is exact, and so is the revision."""
    store = SubscriptionStore(kafka, topic=topic, transactional_id=topic)
    store.change(lambda _: (Put(replace(subscription("counter"), description="0")),))
    spawning = get_context("spawn")
    writers = [spawning.Process(target=_count_up_times, args=(kafka, topic, 5)) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(50)

    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    counter = read_subscriptions(kafka, topic=topic).get("counter")
    assert counter is not None
    assert (counter.description, counter.revision) == ("15", 16)


def test_a_writer_that_was_overtaken_decides_again(
    kafka: KafkaConfig, topic: str, new_store: Callable[[], SubscriptionStore]
) -> None:
    """While the first decides, a second writes: the first's decision is dropped and made anew on the newer table."""
    original = subscription("s1")
    new_store().change(lambda _: (Put(original),))
    revisions: list[int] = []

    def decide(index: SubscriptionIndex) -> Sequence[Change]:
        current = index.get("s1")
        assert current is not None
        revisions.append(current.revision)
        if len(revisions) == 1:
            new_store().change(lambda _: (Put(revised(current, now_ms=NOW_MS, description="second")),))
        return (Put(revised(current, now_ms=NOW_MS, timeout_s=3.0)),)

    new_store().change(decide)

    assert revisions == [1, 2]
    final = read_subscriptions(kafka, topic=topic).get("s1")
    assert final == replace(original, revision=3, updated_at_ms=NOW_MS, description="second", timeout_s=3.0)


def test_a_writer_that_is_always_overtaken_gives_up(
    kafka: KafkaConfig, topic: str, new_store: Callable[[], SubscriptionStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its tries it says so, and nothing of it is there."""
    monkeypatch.setattr("gateway.kafka.subscription_store._MAX_TRIES", 2)
    rivals = iter(range(10))

    def decide(_: SubscriptionIndex) -> Sequence[Change]:
        rival = f"rival{next(rivals)}"
        new_store().change(lambda _: (Put(subscription(rival)),))
        return (Put(subscription("mine")),)

    with pytest.raises(ConflictError, match="nothing was written"):
        new_store().change(decide)
    assert {one.subscription_id for one in read_subscriptions(kafka, topic=topic)} == {"rival0", "rival1"}


class _DoubtfulProducer(Producer):
    """Gives, to the first commit, the answer of a broker that meets the next writer's beginning."""

    is_committing_first = True
    pending = True

    def commit_transaction(self, *args: float) -> None:
        if not _DoubtfulProducer.pending:
            super().commit_transaction(*args)
            return
        _DoubtfulProducer.pending = False
        if _DoubtfulProducer.is_committing_first:
            super().commit_transaction(*args)
        else:
            assert self.flush(10) == 0
        raise KafkaException(KafkaError(KafkaError.UNKNOWN, "EndTxn commit failed: Unknown broker error"))


@pytest.mark.parametrize("is_committed", [True, False])
def test_a_commit_in_doubt_is_made_once(
    *,
    is_committed: bool,
    kafka: KafkaConfig,
    topic: str,
    new_store: Callable[[], SubscriptionStore],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where the broker's answer says neither yes nor no, the writer looks: it never counts twice, and never loses."""
    new_store().change(lambda _: (Put(replace(subscription("counter"), description="0")),))
    monkeypatch.setattr(_DoubtfulProducer, "pending", True)
    monkeypatch.setattr(_DoubtfulProducer, "is_committing_first", is_committed)
    monkeypatch.setattr("gateway.kafka.fenced_transaction.Producer", _DoubtfulProducer)

    (change,) = new_store().change(_count_up)

    assert not _DoubtfulProducer.pending
    counter = read_subscriptions(kafka, topic=topic).get("counter")
    assert counter is not None
    assert (counter.description, counter.revision) == ("1", 2)
    assert isinstance(change, Put)
    assert change.subscription == counter


def test_what_a_dead_writer_left_open_is_ended(
    kafka: KafkaConfig, topic: str, new_store: Callable[[], SubscriptionStore]
) -> None:
    """Records of a transaction that was never committed do not show, and do not hold the next writer up."""
    dead = Producer(kafka.producer(**{"transactional.id": topic, "message.timeout.ms": 10_000}))
    dead.init_transactions(10)
    dead.begin_transaction()
    dead.produce(topic, key="half", value=b"written")
    assert dead.flush(10) == 0

    new_store().change(lambda _: (Put(subscription("whole")),))

    assert {one.subscription_id for one in read_subscriptions(kafka, topic=topic)} == {"whole"}


def test_many_changes_are_one_transaction(
    kafka: KafkaConfig, topic: str, new_store: Callable[[], SubscriptionStore]
) -> None:
    """Thousands of records are there when the call returns."""
    new_store().change(lambda _: [Put(subscription(f"s{number}")) for number in range(5_000)])

    assert len(read_subscriptions(kafka, topic=topic)) == 5_000


def test_threads_of_one_process_take_turns(topic: str, kafka: KafkaConfig) -> None:
    """They do not fence each other: every decision is made once."""
    store = SubscriptionStore(kafka, topic=topic, transactional_id=topic)
    decided: list[str] = []

    def put(name: str) -> None:
        def decide(_: SubscriptionIndex) -> Sequence[Change]:
            decided.append(name)
            return (Put(subscription(name)),)

        store.change(decide)

    threads = [threading.Thread(target=put, args=(f"s{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert sorted(decided) == ["s0", "s1", "s2", "s3"]
    assert len(read_subscriptions(kafka, topic=topic)) == 4


def test_a_missing_topic_says_what_to_do(kafka: KafkaConfig) -> None:
    """Reading and writing both name the command that creates it."""
    with pytest.raises(TopicMissingError) as reading:
        read_subscriptions(kafka, topic="no-such-topic")
    with pytest.raises(TopicMissingError):
        SubscriptionStore(kafka, topic="no-such-topic").change(lambda _: ())
    assert "gateway topics apply" in (reading.value.hint or "")


def test_an_unreachable_broker_is_an_error_in_time() -> None:
    """Nothing hangs when nobody listens."""
    nobody = KafkaConfig("127.0.0.1:1")
    calls = (lambda: read_subscriptions(nobody), lambda: SubscriptionStore(nobody).change(lambda _: ()))

    with ThreadPoolExecutor() as pool:
        for call in [pool.submit(call) for call in calls]:
            with pytest.raises(UnavailableError, match=r"127\.0\.0\.1:1"):
                call.result(timeout=20)
