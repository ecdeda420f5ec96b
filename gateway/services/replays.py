"""What `gateway replay` is made of: puts a replay together from the settings, and carries it out."""

import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from gateway.domain.audit import ActionTarget
from gateway.domain.errors import ConflictError
from gateway.domain.matching import SubscriptionIndex
from gateway.domain.replay import Replay, ReplaySource, ReplayState, Stretch, Tally, Wanted, tally_of
from gateway.domain.subscription import SubscriptionState
from gateway.domain.topics import DEAD_LETTERS
from gateway.kafka.offset_lookup import OffsetLookup
from gateway.kafka.replay_log import ReplayLog
from gateway.kafka.scan import ScanBounds, ScanReport, no_progress
from gateway.kafka.schema_registry import HttpSchemaRegistry
from gateway.kafka.subscription_table import read_subscriptions
from gateway.replay.chosen_subscriptions import choose_subscriptions
from gateway.replay.dead_letters import DeadLetters, choose_waiting
from gateway.replay.delivery_statuses import read_statuses
from gateway.replay.event_choice import EventChoice
from gateway.replay.event_planner import EventPlanner, note_no_failure
from gateway.replay.event_replay import UNBOUNDED, EventReplay, Planner, count_all
from gateway.replay.letter_planner import LetterPlanner, complete_letters, letter_filter
from gateway.replay.stretches import ChosenStretches, OffsetRanges, TimeSpan, choose_stretches, topics_of
from gateway.services.audit import Actor, audit_action
from gateway.services.deployment import Deployment
from gateway.services.registry_access import registry_access
from gateway.settings import Settings
from gateway.shaping.routing import Router
from gateway.shaping.views import Views
from gateway.telemetry.clock import now_ms
from gateway.wire.event_codec import EventDecoder

_CLIENT_ID = "gateway-replay"
# A replay is in no hurry: where it shares a machine with live deliveries, these have the processor first.
_NICENESS = 10


class Replays:
    """Replays of a deployment. Blocking.

    Args:
        settings: its settings.
        progress: called with the records read and the records there are to read, while something is looked up.
    """

    def __init__(self, settings: Settings, progress: Callable[[int, int], None] = no_progress) -> None:
        self._settings = settings
        self._deployment = Deployment(settings)
        self._config = self._deployment.kafka(_CLIENT_ID)
        self._progress = progress
        self._subscriptions: SubscriptionIndex | None = None
        self.log = ReplayLog(self._config)

    def audit(self, actor: Actor, action: str, replay: Replay) -> None:
        """Note in the audit trail what is about to be done with a replay.

        Raises:
            UnavailableError: Kafka does not confirm it; do nothing then.
        """
        wanted = replay.wanted
        (subscription_id,) = wanted.subscription_ids if len(wanted.subscription_ids) == 1 else (None,)
        (tenant,) = wanted.tenants if len(wanted.tenants) == 1 else (None,)
        details = {"replay_id": replay.replay_id, "events": replay.events_total - replay.events_read}
        audit_action(self._config, actor, action, [ActionTarget(subscription_id, tenant, details)])

    def choose(self, wanted: Wanted, chosen: TimeSpan | OffsetRanges) -> ChosenStretches:
        """Find what a replay has to read; what is wanted is checked on the way.

        Raises:
            GatewayError: something of it is wrong, or does not exist; or Kafka does not answer.
        """
        topics: Sequence[str] = (DEAD_LETTERS,)
        if wanted.source is ReplaySource.EVENTS:
            catalog = self._deployment.catalog()
            topics = topics_of(wanted.event_types, catalog.event_types())
            EventChoice(catalog, Views(catalog), wanted)
            self.receivers(wanted)
        return choose_stretches(OffsetLookup(self._config), topics, chosen)

    def receivers(self, wanted: Wanted) -> int:
        """Count the subscriptions that a replay may be to: those that are not disabled."""
        chosen = self._chosen(wanted)
        return sum(one.state is not SubscriptionState.DISABLED for one in chosen)

    def new(
        self, wanted: Wanted, stretches: Sequence[Stretch], rate_per_s: float | None, actor: str | None = None
    ) -> Replay:
        """Give a replay that nothing is done of, of this process's actor if of no other; nothing is written."""
        present_ms = now_ms()
        return Replay(
            replay_id=f"rpl_{secrets.token_hex(8)}",
            state=ReplayState.RUNNING,
            run=1,
            actor=actor or self._deployment.actor(),
            started_at_ms=present_ms,
            updated_at_ms=present_ms,
            wanted=wanted,
            rate_per_s=rate_per_s,
            stretches=tuple(stretches),
        )

    def count(
        self, replay: Replay, progress: Callable[[int, int], None], bounds: ScanBounds = UNBOUNDED
    ) -> tuple[Tally, ScanReport]:
        """Count what a replay would do; nothing is written. The report says whether all of it was looked at."""
        with self._planner(replay) as planner:
            return count_all(self._config, replay, planner, progress, bounds)

    def run(self, replay: Replay, advanced: Callable[[Replay], None]) -> tuple[Replay, Tally]:
        """Carry a run of a replay out, see `EventReplay.run`; gives how it ended, and what was done.

        Args:
            replay: the run.
            advanced: told of each checkpoint.
        """
        os.nice(_NICENESS)
        self.log.forget_old(self.log.read(), now_ms())
        with self._planner(replay) as planner:
            return EventReplay(self._config, replay, planner, advanced).run(), planner.tally

    def cancel(self, replay_id: str, actor: Actor) -> Replay:
        """Cancel a replay: whoever carries it out ends within a second or so.

        Raises:
            NotFoundError: there is no such replay.
            ConflictError: it is over.
        """
        found = _not_over(self.log.read().require(replay_id))
        self.audit(actor, "replay_cancelled", found)
        cancelled = found.ended(ReplayState.CANCELLED, now_ms())
        self.log.write(cancelled)
        return cancelled

    def resumable(self, replay_id: str) -> Replay:
        """Give a replay in a run of its own, to be carried out from its last checkpoint.

        Raises:
            NotFoundError: there is no such replay.
            ConflictError: it is over.
        """
        return _not_over(self.log.read().require(replay_id)).resumed(now_ms())

    @contextmanager
    def _planner(self, replay: Replay) -> Iterator[Planner]:
        if replay.wanted.source is ReplaySource.DEAD_LETTERS:
            found = DeadLetters(self._config, self._progress).find(letter_filter(replay.wanted))
            letters = choose_waiting(complete_letters(found), replay.wanted)
            yield LetterPlanner(replay.replay_id, letters, tally_of(replay))
        else:
            with self._event_planner(replay) as planner:
                yield planner

    @contextmanager
    def _event_planner(self, replay: Replay) -> Iterator[EventPlanner]:
        catalog, wanted = self._deployment.catalog(), replay.wanted
        subscriptions, views = self._chosen(wanted), Views(catalog)
        statuses = None
        if wanted.statuses:
            statuses = read_statuses(self._config, subscriptions, since_ms=wanted.since_ms, progress=self._progress)
        access = registry_access(self._settings)
        registry = None if access is None else HttpSchemaRegistry(access)
        router = Router(
            views, subscriptions, max_body_bytes=self._settings.max_body_bytes, filter_failed=note_no_failure
        )
        planner = EventPlanner(
            replay.replay_id,
            wanted,
            EventChoice(catalog, views, wanted),
            EventDecoder(catalog, registry),
            router,
            statuses=statuses,
            window_ms=self._settings.duplicate_window_s * 1000,
            tally=tally_of(replay),
        )
        if registry is None:
            yield planner
        else:
            with registry:
                yield planner

    def _chosen(self, wanted: Wanted) -> SubscriptionIndex:
        if self._subscriptions is None:
            self._subscriptions = choose_subscriptions(read_subscriptions(self._config), wanted)
        return self._subscriptions


def _not_over(replay: Replay) -> Replay:
    if replay.is_over:
        raise ConflictError(f"replay {replay.replay_id} is {replay.state.value} already")
    return replay
