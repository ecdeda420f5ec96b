"""A stream that does nothing although it could is told from one that has nothing to do, or can't."""

import pytest

from gateway.stream.progress import Observation, ProgressJudge

PATIENCE_S = 60.0
BEHIND = Observation(reachable=True, assigned=True, behind=True, mark=7)
IDLE = Observation(reachable=True, assigned=True, behind=False, mark=7)
AWAY = Observation(reachable=False, assigned=True, behind=True, mark=7)
UNASSIGNED = Observation(reachable=True, assigned=False, behind=False, mark=0)


def verdicts(*seen: tuple[float, Observation]) -> list[bool]:
    """Judge observations at these times, begun at 0."""
    judge = ProgressJudge(PATIENCE_S, now_s=0.0)
    return [judge.stalled(observation, now_s) for now_s, observation in seen]


@pytest.mark.parametrize("observation", [BEHIND, UNASSIGNED])
def test_no_progress_for_too_long_is_a_stall(observation: Observation) -> None:
    """Patience is counted from the last progress, exactly."""
    assert verdicts((1, observation), (60, observation), (61, observation), (61.1, observation)) == [
        False,
        False,
        False,
        True,
    ]


def test_idle_is_no_stall() -> None:
    """Nothing to read, and nothing in flight: there is no progress to make."""
    assert not any(verdicts(*((at, IDLE) for at in range(0, 1000, 10))))


def test_any_progress_renews_the_patience() -> None:
    """One step every now and then is slow, but no stall."""
    steps = [(at, Observation(reachable=True, assigned=True, behind=True, mark=at)) for at in range(0, 1000, 50)]
    assert not any(verdicts(*steps))


def test_an_outage_renews_the_patience() -> None:
    """While Kafka is away nothing can move; afterwards the stream has its full time to come back."""
    outage = [(float(at), AWAY) for at in range(0, 300, 10)]
    assert verdicts(*outage, (340, BEHIND), (350, BEHIND), (351, BEHIND)) == [False] * 32 + [True]


def test_work_that_appears_after_idling_gets_its_time() -> None:
    """The patience is not used up by the hours in which there was nothing to do."""
    assert verdicts((3600, IDLE), (3602, BEHIND), (3650, BEHIND), (3661, BEHIND)) == [False, False, False, True]


def test_progress_that_is_told_renews_the_patience_too() -> None:
    """Under load nobody looks any closer: patience begins at the last step, and ends as ever."""
    judge = ProgressJudge(PATIENCE_S, now_s=0.0)
    assert not judge.stalled(BEHIND, 1)
    judge.moved(100)
    assert not judge.stalled(BEHIND, 160)
    assert judge.stalled(BEHIND, 160.1)
