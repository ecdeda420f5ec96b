"""Whoever watches attempts hears those that they want; nobody holds up anybody, and nothing is read for nobody."""

import asyncio
import queue
import threading

import pytest

from gateway.console.live_tail import MAX_LISTENERS, MAX_WAITING, LiveTail
from gateway.domain.attempt_choice import AttemptChoice
from gateway.domain.delivery import Attempt
from gateway.domain.errors import InvalidInputError, UnavailableError
from tests.delivery_records import T0, attempt_of, planned

AWHILE_S = 10.0
EVERYTHING = AttemptChoice()


class MemoryTail:
    """Attempts that a test gives, as a tail reads them; an error is raised."""

    def __init__(self) -> None:
        self._given: queue.SimpleQueue[list[Attempt] | Exception] = queue.SimpleQueue()
        self.is_cut_off = False
        self.closed = threading.Event()

    def give(self, given: list[Attempt] | Exception) -> None:
        """Have it read something."""
        self._given.put(given)

    def read(self, timeout_s: float) -> list[Attempt]:
        """See RecordTail."""
        try:
            given = self._given.get(timeout=timeout_s)
        except queue.Empty:
            return []
        if isinstance(given, Exception):
            raise given
        return given

    def close(self) -> None:
        """See RecordTail."""
        self.closed.set()


class Opened:
    """Opens tails, and keeps them."""

    def __init__(self) -> None:
        self.tails: list[MemoryTail] = []

    def __call__(self) -> MemoryTail:
        self.tails.append(MemoryTail())
        return self.tails[-1]


def made(subscription_id: str = "shop", outcome: str = "delivered", tenant: str = "acme") -> Attempt:
    """Give an attempt."""
    return attempt_of(planned("evt-1", subscription_id, tenant=tenant), 1, outcome, at_ms=T0)


async def test_each_hears_what_they_want_of_one_reader() -> None:
    """It is opened for the first and closed after the last; for who comes later there is another."""
    opened = Opened()
    live = LiveTail(opened)
    async with live.listening(EVERYTHING) as all_, live.listening(AttemptChoice(tenant="acme")) as one:
        (tail,) = opened.tails
        tail.give([made(), made("other", tenant="other")])
        heard, of_one = await all_.hear(AWHILE_S), await one.hear(AWHILE_S)
        assert heard
        assert of_one
        assert [each.subscription_id for each in heard.attempts] == ["shop", "other"]
        assert [each.subscription_id for each in of_one.attempts] == ["shop"]
        quiet = await one.hear(0)
        assert quiet is not None
        assert (quiet.attempts, quiet.dropped, quiet.is_cut_off) == ((), 0, False)
    assert await asyncio.to_thread(tail.closed.wait, AWHILE_S)
    async with live.listening(EVERYTHING):
        assert len(opened.tails) == 2
    await live.stop()


async def test_what_is_too_much_is_left_out_and_counted() -> None:
    """The one who does not look hears the oldest, and how many came after."""
    opened = Opened()
    live = LiveTail(opened)
    async with live.listening(EVERYTHING) as slow, live.listening(AttemptChoice(("last",))) as quick:
        opened.tails[0].give([made()] * (MAX_WAITING + 7))
        opened.tails[0].give([made("last")])
        assert await quick.hear(AWHILE_S)
        heard = await slow.hear(AWHILE_S)
        assert heard is not None
        assert (len(heard.attempts), heard.dropped) == (MAX_WAITING, 8)
        again = await slow.hear(0)
        assert again is not None
        assert again.dropped == 0
    await live.stop()


async def test_when_kafka_goes_away_and_comes_back_is_heard() -> None:
    """Without any attempt."""
    opened = Opened()
    live = LiveTail(opened)
    async with live.listening(EVERYTHING) as listener:
        for is_cut_off in (True, False):
            opened.tails[0].is_cut_off = is_cut_off
            heard = await listener.hear(AWHILE_S)
            assert heard is not None
            assert heard.is_cut_off is is_cut_off
    await live.stop()


async def test_who_watches_is_bounded() -> None:
    """One more is refused; once somebody has left there is room."""
    live = LiveTail(Opened())
    watching = [live.listening(EVERYTHING) for _ in range(MAX_LISTENERS)]
    for each in watching:
        await each.__aenter__()
    with pytest.raises(UnavailableError, match="watch already"):
        await live.listening(EVERYTHING).__aenter__()
    await watching.pop().__aexit__(None, None, None)
    watching.append(live.listening(EVERYTHING))
    await watching[-1].__aenter__()
    for each in watching:
        await each.__aexit__(None, None, None)


async def test_a_topic_that_can_not_be_read_ends_it_for_all() -> None:
    """At the beginning, and later; the next one tries anew."""

    def refuse() -> MemoryTail:
        raise UnavailableError("no broker")

    with pytest.raises(UnavailableError, match="no broker"):
        await LiveTail(refuse).listening(EVERYTHING).__aenter__()
    opened = Opened()
    live = LiveTail(opened)
    async with live.listening(EVERYTHING) as listener:
        opened.tails[0].give(UnavailableError("a rule is missing"))
        with pytest.raises(UnavailableError, match="a rule is missing"):
            await listener.hear(AWHILE_S)
        async with live.listening(EVERYTHING) as another:
            opened.tails[1].give([made()])
            assert await another.hear(AWHILE_S)
    await live.stop()


async def test_a_fault_of_the_reader_ends_it_for_all() -> None:
    """Else they would be shown that nothing happens, for as long as they watch."""
    opened = Opened()
    live = LiveTail(opened)
    async with live.listening(EVERYTHING) as listener:
        (tail,) = opened.tails
        tail.give(ValueError("nobody knows why"))
        with pytest.raises(UnavailableError, match="can't be followed"):
            await listener.hear(AWHILE_S)
    assert await asyncio.to_thread(tail.closed.wait, AWHILE_S)
    async with live.listening(EVERYTHING):
        assert len(opened.tails) == 2


async def test_stopping_ends_all() -> None:
    """Who listens is told, the reader is closed, and nobody begins to listen any more."""
    opened = Opened()
    live = LiveTail(opened)
    async with live.listening(EVERYTHING) as listener:
        await live.stop()
        assert await listener.hear(AWHILE_S) is None
        assert opened.tails[0].closed.is_set()
        with pytest.raises(UnavailableError):
            await live.listening(EVERYTHING).__aenter__()


@pytest.mark.parametrize(
    ("choice", "is_wanted"),
    [
        (AttemptChoice(), True),
        (AttemptChoice(("shop", "other")), True),
        (AttemptChoice(("other",)), False),
        (AttemptChoice(tenant="acme", event_type="order.*", outcomes=("delivered",)), True),
        (AttemptChoice(event_type="invoice.*"), False),
        (AttemptChoice(tenant="acme2"), False),
        (AttemptChoice(outcomes=("dead_lettered", "discarded")), False),
    ],
)
def test_all_that_is_asked_for_has_to_hold(choice: AttemptChoice, *, is_wanted: bool) -> None:
    """What is left out is left open."""
    assert choice.admits(made()) is is_wanted


def test_an_event_type_has_to_be_a_pattern() -> None:
    """Nothing would ever match it."""
    with pytest.raises(InvalidInputError):
        AttemptChoice(event_type="Order Created")
