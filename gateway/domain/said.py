"""What the durable commit of a partition still says, and what waits until it says so no more.

A commit calls settled what was left in the log for a subscription's cursor: from a cursor on only the cursor can tell.
A record that a pass hands out, and that is then left to the cursor of its key, is not called settled in the commits
that are made from then on. But cursors and commits become durable by different ways, each at its own time: until such a
commit is durable, the subscription's cursor must not pass the record, or a new owner takes an older commit's word.

At most one commit of a partition is under way (`gateway/kafka/pending_commits.py`), so that they become durable in the
order in which they were made.
"""

from collections.abc import Iterable

from gateway.domain.offsets import SettledBefore

# Of which subscription, and its offset.
Unsaid = tuple[str, int]


class Said:
    """What is committed during one assignment.

    Args:
        commit: the commit found at its start: the offset and its text.

    Attributes:
        newest: the last commit that was made, durable or not.
    """

    def __init__(self, commit: tuple[int, str]) -> None:
        self.newest = self._durable = commit
        self._is_under_way = False
        self._unsaid: list[Unsaid] = []
        self._waiting: list[Unsaid] = []

    def unsay(self, subscription_id: str, offset: int) -> None:
        """Note that commits made from now on don't call a record settled."""
        self._unsaid.append((subscription_id, offset))

    def made(self, commit: tuple[int, str]) -> Iterable[Unsaid]:
        """Note a commit that is to be made; gives what no commit calls settled any more."""
        self.newest = commit
        self._is_under_way = self._is_under_way or commit != self._durable
        self._waiting += self._unsaid
        self._unsaid.clear()
        return () if self._is_under_way else self._gone()

    def durable(self, commit: tuple[int, str]) -> Iterable[Unsaid]:
        """Note that a commit is durable; gives what no commit calls settled any more.

        What waits is in none that was made since: of those before, this one was the last to become durable.
        """
        self._durable = commit
        self._is_under_way = commit != self.newest
        return self._gone()

    def _gone(self) -> Iterable[Unsaid]:
        if not self._waiting:
            return ()
        position, text = self._durable
        said = SettledBefore(position, text)
        waiting, self._waiting = self._waiting, []
        gone: list[Unsaid] = []
        for unsaid in waiting:
            (self._waiting if unsaid[1] in said else gone).append(unsaid)
        return gone
