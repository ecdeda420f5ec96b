"""Which events a receiver has taken already, in bounded memory.

An id is *in hand* from the answer to the end of its processing, and *done* after it succeeded. One whose processing
failed is forgotten: its sender was told 200 and will not retry, but an operator's replay carries the same id and has
to get through.
"""

from collections import OrderedDict


class EventIds:
    """The ids in hand, and the last `remember` ids done. Not for use from several threads."""

    def __init__(self, remember: int) -> None:
        self._remember = remember
        self._in_hand: set[str] = set()
        self._done: OrderedDict[str, None] = OrderedDict()

    def __contains__(self, event_id: str) -> bool:
        return event_id in self._in_hand or event_id in self._done

    def begin(self, event_id: str) -> None:
        """Take an id in hand."""
        self._in_hand.add(event_id)

    def finish(self, event_id: str) -> None:
        """Remember an id that was processed; the one done longest ago gives way."""
        self._in_hand.discard(event_id)
        self._done[event_id] = None
        if len(self._done) > self._remember:
            self._done.popitem(last=False)

    def forget(self, event_id: str) -> None:
        """Forget an id whose processing failed."""
        self._in_hand.discard(event_id)
