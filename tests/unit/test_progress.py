"""A part that does nothing although it could is told from one that has nothing to do, or can't."""

import pytest

from gateway.domain.progress import Progress, ProgressJudge, reading_progress

PATIENCE_S = 60.0
BEHIND = Progress(due=True, mark=7)
IDLE = Progress(due=False, mark=7)
AWAY = None


def verdicts(*seen: tuple[float, Progress | None]) -> list[bool]:
    """Judge what was seen at these times, begun at 0."""
    judge = ProgressJudge(PATIENCE_S, now_s=0.0)
    return [judge.stalled(progress, now_s) for now_s, progress in seen]


def test_no_progress_for_too_long_is_a_stall() -> None:
    """Patience is counted from the last progress, exactly."""
    assert verdicts((1, BEHIND), (60, BEHIND), (61, BEHIND), (61.1, BEHIND)) == [False, False, False, True]


def test_idle_is_no_stall() -> None:
    """Nothing to do, or held back on purpose: there is no progress to make."""
    assert not any(verdicts(*((at, IDLE) for at in range(0, 1000, 10))))


def test_any_progress_renews_the_patience() -> None:
    """One step every now and then is slow, but no stall."""
    assert not any(verdicts(*((at, Progress(due=True, mark=at)) for at in range(0, 1000, 50))))


def test_an_outage_renews_the_patience() -> None:
    """While Kafka is away nothing can move; afterwards a part has its full time to come back."""
    outage = [(float(at), AWAY) for at in range(0, 300, 10)]
    assert verdicts(*outage, (340, BEHIND), (350, BEHIND), (400, BEHIND), (401, BEHIND)) == [False] * 33 + [True]


def test_work_that_appears_after_idling_gets_its_time() -> None:
    """The patience is not used up by the hours in which there was nothing to do."""
    assert verdicts((3600, IDLE), (3602, BEHIND), (3650, BEHIND), (3661, BEHIND)) == [False, False, False, True]


@pytest.mark.parametrize(
    ("reached", "ends", "due"),
    [
        ({}, {"a": 5}, False),
        ({"a": 5}, {"a": 5, "b": 9}, False),
        ({"a": 6}, {"a": 5}, False),
        ({"a": 5, "b": 0}, {"a": 5, "b": 1}, True),
        ({"a": 5}, {}, False),
    ],
)
def test_a_reader_has_to_read_what_lies_behind_its_position(
    reached: dict[str, int], ends: dict[str, int], *, due: bool
) -> None:
    """Only in partitions that are its own; and every record that it reads changes the mark."""
    assert reading_progress(reached, ends) == Progress(due, sum(reached.values()))
