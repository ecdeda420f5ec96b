"""Dead letters are counted by what they have in common."""

from dataclasses import replace

from gateway.domain.folding import fold_history
from gateway.domain.history import DeliveryHistory
from gateway.replay.letter_groups import GroupBy, LetterGroup, group_letters
from tests.delivery_records import T0, dead, planned


def letter(event_id: str, to: str, *, at_ms: int, reason: str = "gone", waits: bool = True) -> DeliveryHistory:
    """Give a dead letter."""
    given_up = replace(dead(planned(event_id, to), (), at_ms=at_ms), reason=reason)
    return fold_history([given_up] if waits else [given_up, given_up.replayed(at_ms + 1)])


LETTERS = [
    letter("evt-1", "a", at_ms=T0 + 3),
    letter("evt-2", "a", at_ms=T0 + 1, waits=False),
    letter("evt-3", "b", at_ms=T0 + 2),
    letter("evt-4", "b", at_ms=T0 + 9, reason="max_age"),
]


def test_each_group_is_counted() -> None:
    """With how many of it wait, and since when."""
    assert group_letters(LETTERS, [GroupBy.REASON]) == [
        LetterGroup(("gone",), 3, 2, T0 + 1, T0 + 3),
        LetterGroup(("max_age",), 1, 1, T0 + 9, T0 + 9),
    ]
    assert not group_letters([], [GroupBy.REASON])


def test_letters_may_have_several_things_in_common() -> None:
    """Every letter is in one group, whatever they are grouped by."""
    assert [group.values for group in group_letters(LETTERS, [GroupBy.SUBSCRIPTION, GroupBy.REASON])] == [
        ("a", "gone"),
        ("b", "gone"),
        ("b", "max_age"),
    ]
    for by in GroupBy:
        assert sum(group.letters for group in group_letters(LETTERS, [by])) == len(LETTERS)
