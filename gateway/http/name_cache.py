"""What is known of host names, and for how long that may be used. Pure: time comes as an argument.

An answer is used for a short time and then asked for again. If nobody answers then, the last answer goes on being
used for a bounded while: a name server that is away must not stop deliveries. A failure is remembered shortly, so
that a name which does not resolve is not asked for with every delivery.
"""

from collections import OrderedDict
from dataclasses import dataclass, replace

FOUND_TTL_S = 30.0
FAILED_TTL_S = 5.0
MAX_STALE_S = 300.0
MAX_NAMES = 10_000

Addresses = tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class NotFound:
    """Why a name has no address.

    Attributes:
        reason: one line for people.
        temporary: nobody has said that there is none: another look-up may find one.
    """

    reason: str
    temporary: bool


Answer = Addresses | NotFound


@dataclass(frozen=True, slots=True)
class _Known:
    answer: Answer
    learnt_at: float
    ask_again_at: float


class NameCache:
    """The names that were asked for last.

    Args:
        max_names: beyond these, the one that was not asked for the longest is forgotten.
    """

    def __init__(self, max_names: int = MAX_NAMES) -> None:
        self._max_names = max_names
        self._known: OrderedDict[str, _Known] = OrderedDict()

    def get(self, name: str, now: float) -> Answer | None:
        """Give what may be used without asking anybody, or None.

        Args:
            name: the host name.
            now: the present, seconds of a clock that never goes back.
        """
        known = self._known.get(name)
        if known is None or now >= known.ask_again_at:
            return None
        self._known.move_to_end(name)
        return known.answer

    def learn(self, name: str, answer: Answer, now: float) -> Answer:
        """Take note of what a look-up came to; give what is to be used, which may be an older answer."""
        if not isinstance(answer, NotFound):
            return self._keep(name, _Known(answer, now, now + FOUND_TTL_S))
        known = self._known.get(name)
        if answer.temporary and known is not None and _usable(known, now):
            return self._keep(name, replace(known, ask_again_at=now + FAILED_TTL_S))
        return self._keep(name, _Known(answer, now, now + FAILED_TTL_S))

    def _keep(self, name: str, known: _Known) -> Answer:
        self._known[name] = known
        self._known.move_to_end(name)
        if len(self._known) > self._max_names:
            self._known.popitem(last=False)
        return known.answer


def _usable(known: _Known, now: float) -> bool:
    return not isinstance(known.answer, NotFound) and now - known.learnt_at < MAX_STALE_S
