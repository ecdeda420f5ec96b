"""An event loop whose time passes only when nothing else can happen: hours of pauses and limits, exact and at once.

The gateway's one clock reads the loop's time while it runs. A loop in which nothing is ready and nothing is due any
more can only hang: that is an error here.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec

import pytest

from gateway.telemetry import clock
from tests.delivery_records import T0

P = ParamSpec("P")
# What a sum of floats may lack.
_ROUNDING_S = 1e-6
# A turn of the loop takes time, or a timer that is early by less than the clock tells, and set anew, comes for ever.
_TURN_S = 1e-9
# uvloop's timers may be early by less than a millisecond.
_EARLY_S = 0.0005
_TURN_WHEN_EARLY_S = 1e-5


class _Selector(selectors.SelectSelector):
    """Waits for no time to pass: moves it on."""

    def __init__(self, passed: Callable[[float], None]) -> None:
        super().__init__()
        self.turns = 0
        self.turn_s = _TURN_S
        self._passed = passed

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.turns += 1
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise RuntimeError("nothing is ready, and nothing will be: the test hangs")
            self._passed(timeout + _ROUNDING_S if timeout else self.turn_s)
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """See the module. Begins at T0 of the tests' records."""

    def __init__(self) -> None:
        self._now_s = 0.0
        self._wall_off_s = 0.0
        self._selector = _Selector(self._passed)
        super().__init__(self._selector)

    def have_early_timers(self) -> None:
        """Have timers come up to half a millisecond early, as uvloop's may."""
        self._clock_resolution = _EARLY_S
        self._selector.turn_s = _TURN_WHEN_EARLY_S

    def _passed(self, seconds: float) -> None:
        self._now_s += seconds

    def time(self) -> float:
        return self._now_s

    @property
    def turns(self) -> int:
        """How often the loop has turned."""
        return self._selector.turns

    def time_ns(self) -> int:
        """Give the wall clock's time."""
        return T0 * 1_000_000 + round((self._now_s + self._wall_off_s) * 1e9)

    def set_wall_clock(self, off_s: float) -> None:
        """Set the wall clock, so many seconds off; time passes as before."""
        self._wall_off_s = off_s

    def monotonic(self) -> float:
        """Give the time of a clock that never goes back, seconds."""
        return self._now_s


def run_in_virtual_time(course: Coroutine[Any, Any, None]) -> None:
    """Run a course of events to its end."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner, pytest.MonkeyPatch.context() as replaced:
        replaced.setattr(clock, "time", runner.get_loop())
        runner.run(course)


def in_virtual_time(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Make a test of a coroutine that runs in virtual time."""

    @wraps(test)
    def running(*args: P.args, **kwargs: P.kwargs) -> None:
        run_in_virtual_time(test(*args, **kwargs))

    return running


def set_wall_clock(off_s: float) -> None:
    """Set the wall clock of the running loop, so many seconds off what it would be."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    loop.set_wall_clock(off_s)


def have_early_timers() -> None:
    """Have the running loop's timers come up to half a millisecond early, as uvloop's may."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    loop.have_early_timers()


async def turns_in(seconds: float) -> int:
    """Let time pass, and tell how often the loop had something to do meanwhile."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    before = loop.turns
    await asyncio.sleep(seconds)
    return loop.turns - before


async def comes_true(condition: Callable[[], bool], *, within_s: float = 60.0) -> None:
    """Let time pass until a condition holds."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - nothing announces these conditions
            await asyncio.sleep(max(within_s / 10_000, 0.001))


async def stays(condition: Callable[[], bool], *, for_s: float) -> None:
    """Let time pass, and see that a condition holds all along."""
    end_s = asyncio.get_running_loop().time() + for_s
    while asyncio.get_running_loop().time() < end_s:
        await asyncio.sleep(for_s / 100)
        assert condition()
