"""The watch names the part that makes no progress, and blames nobody while Kafka is away."""

from collections.abc import Callable

from structlog.testing import capture_logs

from gateway.domain.progress import Progress
from gateway.telemetry.progress_watch import ProgressWatch

PATIENCE_S = 60.0


class Watched:
    """A watch whose time is set, over parts of which each look gives what is in `seen`."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.answer: int | None = 1
        self.stalled: list[str] = []
        self.watch: ProgressWatch[int] = ProgressWatch(
            lambda: self.answer, PATIENCE_S, self.stalled.append, lambda: self.now_s
        )

    def look_at(self, *times_s: float) -> list[str]:
        """Look at these times; gives what was found to stall meanwhile."""
        self.stalled.clear()
        for self.now_s in times_s:
            self.watch.look()
        return self.stalled


def always(*, due: bool) -> Callable[[int], Progress]:
    """Give what a part looks like that never moves."""
    return lambda _: Progress(due, 0)


def test_the_part_that_stalls_is_named() -> None:
    """The others are not; nor is one that may take longer, until it has."""
    watched = Watched()
    watched.watch.judge("idle", always(due=False))
    watched.watch.judge("silent", always(due=True))
    watched.watch.judge("slow", always(due=True), more_patience_s=30)
    assert watched.look_at(0, 60) == []
    assert watched.look_at(61) == ["silent"]
    assert watched.look_at(91) == ["silent", "slow"]


def test_nobody_stalls_while_kafka_does_not_answer() -> None:
    """And for as long as the patience lasts after it."""
    watched = Watched()
    watched.watch.judge("the producer", always(due=True))
    watched.look_at(0)
    watched.answer = None
    assert watched.look_at(30, 61, 100) == []
    watched.answer = 2
    assert watched.look_at(110, 160, 170) == []
    assert watched.look_at(171) == ["the producer"]


def test_a_part_that_cant_be_looked_at_is_not_judged_and_harms_no_other() -> None:
    """A rebalance may be in the way."""

    def fails(_: int) -> Progress:
        raise RuntimeError("changed while it was looked at")

    watched = Watched()
    watched.watch.judge("in between", fails)
    watched.watch.judge("silent", always(due=True))
    with capture_logs() as logged:
        assert watched.look_at(0, 61) == ["silent"]
    assert {entry["event"] for entry in logged} == {"progress.unknown"}


def test_a_part_is_judged_from_when_it_was_added() -> None:
    """The time before is not its own."""
    watched = Watched()
    watched.look_at(100)
    watched.watch.judge("late", always(due=True))
    assert watched.look_at(110, 170) == []
    assert watched.look_at(171) == ["late"]


def test_nobody_stalls_any_more_once_the_process_stops() -> None:
    """Its parts end on purpose then."""
    watched = Watched()
    watched.watch.judge("the producer", always(due=True))
    watched.look_at(0)
    watched.watch.stop()
    assert watched.look_at(100) == []
