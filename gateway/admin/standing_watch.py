"""Looks at how far everything is, in a thread of its own, so that whoever draws it never waits for a broker."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.admin.lifecycle import Clock
from gateway.admin.standing import StandingReader
from gateway.domain.errors import GatewayError, UnavailableError
from gateway.domain.overview import Depth, SignalBoard, Standing
from gateway.domain.topics import DEAD_LETTERS, TopicLayout

LOOK_S = 3.0
# The topic of cursors is read as a whole.
_CURSORS_EVERY_LOOKS = 5
_STOP_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found.

    Attributes:
        at_ms: when it was over, milliseconds since the epoch.
        depths: what is not committed, by topic.
        cursors: how many cursors each lagging subscription has.
    """

    at_ms: int
    depths: Mapping[str, Depth] = field(default_factory=dict)
    cursors: Mapping[str, int] = field(default_factory=dict)


def standing_of(look: Look, layout: TopicLayout, board: SignalBoard) -> Standing:
    """Give what a look found, stage by stage, with what signals tell of those that lag.

    Args:
        look: what was found.
        layout: the deployment's topics.
        board: the last word of the signals.
    """

    def of(*topics: str) -> tuple[Depth, ...]:
        return tuple(look.depths.get(topic, Depth(topic, 0)) for topic in topics)

    retries = tuple(layout.retry_topics())
    begin = tuple(topic for topic in layout.delivery_topics() if topic not in retries)
    return Standing(
        look.at_ms,
        of(*layout.event_topics()),
        of(*begin),
        of(*retries),
        of(DEAD_LETTERS)[0].records,
        board.lagging(look.cursors),
    )


class StandingWatch:
    """The thread.

    Args:
        reader: asks Kafka.
        clock: gives the present.

    Attributes:
        newest: the last look that was answered, or None; replaced as a whole, so that any thread may read it.
        failure: what no waiting helps against, or None.
    """

    def __init__(self, reader: StandingReader, clock: Clock) -> None:
        self._reader = reader
        self._clock = clock
        self._stopping = threading.Event()
        self._looks = 0
        self.newest: Look | None = None
        self.failure: GatewayError | None = None
        self._thread = threading.Thread(target=self._run, name="standing-watch", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more; a look that is under way is waited for, but not for long."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_TIMEOUT_S)

    def look(self) -> None:
        """Look once. Blocking, bounded.

        Raises:
            UnavailableError: no broker answers.
            GatewayError: an access rule is missing.
        """
        cursors = {} if self.newest is None else self.newest.cursors
        if self._looks % _CURSORS_EVERY_LOOKS == 0:
            cursors = self._reader.cursors()
        self._looks += 1
        self.newest = Look(self._clock(), self._reader.depths(), cursors)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.look()
            except UnavailableError:
                pass  # what was seen last stays, with its time
            except GatewayError as error:
                self.failure = error
                return
            self._stopping.wait(LOOK_S)
