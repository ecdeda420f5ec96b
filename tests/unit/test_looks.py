"""One time to look at each strand: the earliest counts, unless it is moved."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.topics import DELIVERIES
from gateway.egress.looks import Looks

A, B = ((DELIVERIES, 0), "sub_1"), ((DELIVERIES, 1), "sub_1")


def test_the_earliest_counts() -> None:
    """A later wish does not put a look off; it is made once."""
    looks = Looks()
    looks.at(50, *A)
    looks.at(90, *A)
    looks.at(20, *A)
    assert looks.next_in_s(10) == 0.01
    assert list(looks.due(19)) == []
    assert list(looks.due(20)) == [A]
    assert list(looks.due(1000)) == []


def test_a_look_that_is_moved_is_made_then() -> None:
    """Earlier or later than it was."""
    looks = Looks()
    looks.at(20, *A)
    looks.move(70, *A)
    assert list(looks.due(69)) == []
    assert list(looks.due(70)) == [A]
    looks.at(90, *A)
    looks.move(80, *A)
    assert list(looks.due(80)) == [A]


def test_a_look_that_is_cancelled_is_not_made() -> None:
    """Others are; and one may be wanted again."""
    looks = Looks()
    looks.at(20, *A)
    looks.at(30, *B)
    looks.cancel(*A)
    assert list(looks.due(40)) == [B]
    looks.at(50, *A)
    assert list(looks.due(50)) == [A]


def test_without_looks_there_is_no_time() -> None:
    """And one that is overdue is due in a moment."""
    looks = Looks()
    assert looks.next_in_s(0) is None
    looks.at(20, *A)
    assert looks.next_in_s(5000) == 0.001


STEPS = st.lists(
    st.tuples(st.sampled_from(["at", "move", "cancel", "due"]), st.sampled_from([A, B]), st.integers(0, 100)),
    max_size=40,
)


@given(steps=STEPS)
def test_any_course_of_wishes(steps: list[tuple[str, tuple[tuple[str, int], str], int]]) -> None:
    """As a table of one time each would have it; the loop never sleeps past one."""
    looks = Looks()
    model: dict[tuple[tuple[str, int], str], int] = {}
    for kind, strand, at_ms in steps:
        match kind:
            case "at":
                looks.at(at_ms, *strand)
                model[strand] = min(at_ms, model.get(strand, at_ms))
            case "move":
                looks.move(at_ms, *strand)
                model[strand] = at_ms
            case "cancel":
                looks.cancel(*strand)
                model.pop(strand, None)
            case _:
                expected = {each for each, due_ms in model.items() if due_ms <= at_ms}
                assert sorted(looks.due(at_ms)) == sorted(expected)
                for each in expected:
                    del model[each]
        if model:
            next_in_s = looks.next_in_s(0)
            assert next_in_s is not None
            assert next_in_s * 1000 <= max(min(model.values()), 1)
