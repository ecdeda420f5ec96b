"""Dead letters put together by what they have in common, for whoever faces thousands of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from gateway.domain.history import DeliveryHistory
from gateway.replay.dead_letters import is_waiting


class GroupBy(Enum):
    """What letters may have in common."""

    REASON = "reason"
    SUBSCRIPTION = "subscription"
    TENANT = "tenant"
    TYPE = "type"


_VALUES: dict[GroupBy, Callable[[DeliveryHistory], str]] = {
    GroupBy.REASON: lambda letter: letter.dead_letter.reason if letter.dead_letter else "",
    GroupBy.SUBSCRIPTION: lambda letter: letter.subscription_id,
    GroupBy.TENANT: lambda letter: letter.tenant,
    GroupBy.TYPE: lambda letter: letter.event_type,
}


@dataclass(slots=True)
class LetterGroup:
    """Letters that are alike.

    Attributes:
        values: what they have in common, in the order asked for.
        letters: how many they are.
        waiting: how many of them wait for a replay.
        oldest_at_ms: when the first of them was given up, milliseconds since the epoch.
        newest_at_ms: when the last one was.
    """

    values: tuple[str, ...]
    letters: int
    waiting: int
    oldest_at_ms: int
    newest_at_ms: int


def group_letters(letters: Iterable[DeliveryHistory], by: Sequence[GroupBy]) -> list[LetterGroup]:
    """Group dead letters; the group in which most wait comes first.

    Args:
        letters: what was found.
        by: what the letters of a group have in common, at least one.
    """
    groups: dict[tuple[str, ...], LetterGroup] = {}
    for letter in letters:
        values = tuple(_VALUES[one](letter) for one in by)
        at_ms = letter.dead_letter.at_ms if letter.dead_letter else letter.changed_at_ms
        group = groups.setdefault(values, LetterGroup(values, 0, 0, at_ms, at_ms))
        group.letters += 1
        group.waiting += is_waiting(letter)
        group.oldest_at_ms = min(group.oldest_at_ms, at_ms)
        group.newest_at_ms = max(group.newest_at_ms, at_ms)
    return sorted(groups.values(), key=lambda group: (-group.waiting, -group.letters, group.values))
